/* How configuration space is reached: config.h. */
#ifndef PCI_ACCESS_H
#define PCI_ACCESS_H

/* Finds out. */
void access_init(void);

/* For people. */
const char *access_name(void);

#endif

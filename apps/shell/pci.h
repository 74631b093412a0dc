/* pci: the devices of the machine; and devices for drivers that the shell starts. */
#ifndef SHELL_PCI_H
#define SHELL_PCI_H

#include "shell.h"

enum status builtin_pci(const struct command *command);
const char *pci_candidate(size_t index);

/* Has the PCI server give a waiting driver its device. Says itself what is wrong. */
bool pci_attach(const struct command *command, const char *program, endpoint_t driver);

#endif

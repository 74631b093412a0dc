/*
 * A claim is an assertion with a name, by which checks.txt tells one violation from another. The
 * name is a variable that nothing sets.
 */
#define CLAIM(name)       bool name;
#define claim(name, fact) assert(name || (fact))

/*
 * What these variables held has no meaning any more: states that differ in nothing else are the
 * same.
 */
#define forget(a, b, c) a = 0; b = 0; c = 0

/* hello: the smallest program there is to run. Says who it is. */
#include <stdio.h>

#include <runtime/startup.h>

int main(int argc, char **argv) {
    endpoint_t self = runtime_self();

    printf("Hello from process %u.%u.%u", endpoint_core(self), endpoint_slot(self),
           endpoint_slot_generation(self));
    for (int i = 1; i < argc; i++)
        printf("%s%s", i == 1 ? ", called with: " : " ", argv[i]);
    putchar('\n');
    return 0;
}

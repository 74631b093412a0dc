/* Every error, by its text and its place; and what is left of the file. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "files.h"

/* In the block of a driver that begins in column 1 of line 2. */
static const struct mistake {
    const char *keys, *error;
} mistakes[] = {
    { "frob 1;", "1: expected a key, found 'frob'" },
    { "ipc frob SEND;", "5: expected 'calls', 'targets' or 'kernel', found 'frob'" },
    { "isa;", "4: expected 'io', 'irq' or 'mem', found ';'" },
    { "pci 10ec/8139;", "5: expected 'device' or 'class', found '10ec/8139'" },
    { "instead a;", "1: expected 'instead of', found 'instead'" },
    { "core 1 2;", "8: expected ';', found '2'" },
    { ";", "1: expected a key or '}', found ';'" },
    { "\x80", "1: expected a key or '}', found the byte 0x80" },
    { "core \x01;", "6: expected 'any' or a core from 0 to 63, found the byte 0x01" },
    { "mirror; mirror;", "9: 'mirror' is given already in this block" },
    { "ipc calls SEND; ipc calls SEND;", "17: 'ipc calls' is given already in this block" },

    { "ipc calls;", "10: expected an IPC primitive (SEND, RECEIVE, .., or all), found ';'" },
    { "ipc calls SEND send;",
      "16: expected an IPC primitive (SEND, RECEIVE, .., or all), found 'send'" },
    { "ipc kernel FORK;", "12: expected a kernel call (VDEVIO, IRQCTL, .., or all), found 'FORK'" },
    { "ipc kernel CORE;", "12: 'CORE' is for monitors alone" },
    { "ipc kernel SHARE;", "12: 'SHARE' is for monitors alone" },
    { "ipc targets;", "12: expected a label, or KERNEL, found ';'" },
    { "ipc targets a*b;", "14: a '*' may only be the last character" },
    { "ipc targets abcdefghijklmnopqrstuvwxy;", "13: expected a label, or KERNEL of at most 24 "
                                                "characters, found 'abcdefghijklmnopqrstuvwxy'" },
    { "ipc targets a b c d e f g h i j k l m n o p q r s t u v w x y;",
      "61: more than 24 targets" },
    { "driver all;", "8: expected 'manage', found 'all'" },

    { "isa io x;", "8: expected a port from 0 to 65535, found 'x'" },
    { "isa io 65536;", "8: expected a port from 0 to 65535, found '65536'" },
    { "isa io 99999999999999999999;",
      "8: expected a port from 0 to 65535, found '99999999999999999999'" },
    { "isa io 0x;", "8: expected a port from 0 to 65535, found '0x'" },
    { "isa io -1;", "8: expected a port from 0 to 65535, found '-1'" },
    { "isa io 3f8:8;", "8: expected a port from 0 to 65535, found '3f8'" },
    { "isa io 1:x;", "10: expected a number of ports from 1 to 65536, found 'x'" },
    { "isa io 1:0;", "10: expected a number of ports from 1 to 65536, found '0'" },
    { "isa io 1:;", "10: expected a number of ports from 1 to 65536, found nothing" },
    { "isa io 65535:2;", "8: the range goes beyond 65535" },
    { "isa io;", "7: expected a port, found ';'" },
    { "isa io 1 3 5 7 9 11 13 15 17;", "27: more than 8 ranges" },
    { "isa irq 256;", "9: expected an interrupt line from 0 to 255, found '256'" },
    { "isa irq 1:x;", "11: expected a number of lines from 1 to 256, found 'x'" },
    { "isa mem 0xa0000;", "9: expected an address and a size, as 0xa0000:128KiB, found '0xa0000'" },
    { "isa mem x:4KiB;", "9: expected an address from 0 to 4503599627370495, found 'x'" },
    { "isa mem 5:4KiB;", "9: expected an address that is a multiple of 0x1000, found '5'" },
    { "isa mem 0x1000:5KiB;",
      "16: expected a size in KiB, MiB or GiB, a multiple of 4KiB, found '5KiB'" },
    { "isa mem 0xffffffffff000:8KiB;",
      "25: expected a size in KiB, MiB or GiB, a multiple of 4KiB, found '8KiB'" },

    { "pci device 10ec;", "12: expected a device of the PCI bus, as 10ec/8139, found '10ec'" },
    { "pci device;", "11: expected a device of the PCI bus, as 10ec/8139, found ';'" },
    { "pci device x/8139;", "12: expected a vendor of 4 hexadecimal digits, found 'x'" },
    { "pci device 10ec/08139;", "17: expected a device of 4 hexadecimal digits, found '08139'" },
    { "pci device */8139;", "12: expected a vendor of 4 hexadecimal digits, found '*'" },
    { "pci device ffff/8139;",
      "12: expected a device of the PCI bus, as 10ec/8139, found 'ffff/8139'" },
    { "pci device 1/1 2/2 3/3 4/4 5/5;", "28: more than 4 devices and classes" },
    { "pci class 02;", "11: expected a class of PCI devices, as 02/00 or 01/06/01, found '02'" },
    { "pci class 02/0x0;", "14: expected a subclass of 2 hexadecimal digits, found '0x0'" },
    { "pci class 1/2/3/4;",
      "11: expected a class of PCI devices, as 02/00 or 01/06/01, found '1/2/3/4'" },

    { "core 64;", "6: expected 'any' or a core from 0 to 63, found '64'" },
    { "memory 5;", "8: expected memory in KiB, MiB or GiB, a multiple of 4KiB, found '5'" },
    { "memory 4XiB;", "8: expected memory in KiB, MiB or GiB, a multiple of 4KiB, found '4XiB'" },
    { "memory 28KiB;", "8: expected memory of at least 32KiB, found '28KiB'" },
    { "memory 2000000GiB;",
      "8: expected memory in KiB, MiB or GiB, a multiple of 4KiB, found '2000000GiB'" },
    { "channels 129;", "10: expected a number of channels from 0 to 128, found '129'" },
    { "processes 256;", "11: expected a number of processes from 0 to 255, found '256'" },
    { "interrupts 0;", "12: expected interrupts per second from 1 to 10000000, found '0'" },
    { "schedule;", "9: expected 'priority', 'most-urgent' or 'quantum', found ';'" },
    { "schedule 4;", "10: expected 'priority', 'most-urgent' or 'quantum', found '4'" },
    { "schedule priority 16;", "19: expected a priority from 0 to 15, found '16'" },
    { "schedule priority 3 most-urgent 4;",
      "10: the most urgent priority is less urgent than the priority" },
    { "schedule quantum 1s;", "18: expected a quantum from 100us to 100ms, found '1s'" },
    { "schedule quantum 10;", "18: expected a quantum from 100us to 100ms, found '10'" },
    { "budget 5ms;", "11: expected 'per', found ';'" },
    { "budget 1us per 1s;", "8: expected CPU time from 100us to 10s, found '1us'" },
    { "budget 2ms per 1ms;", "8: the budget is longer than its period" },
    { "heartbeat 1ms;", "11: expected a period from 10ms to 3600s, found '1ms'" },
    { "recovery never;", "10: expected 'none', 'direct', 'backoff' or 'hook', found 'never'" },
    { "recovery direct;", "16: expected a number of recoveries from 1 to 1000, found ';'" },
    { "recovery hook;", "14: expected the label of a program, found ';'" },
    { "recovery direct 5 per 5ms;", "23: expected a period from 1s to 86400s, found '5ms'" },
    { "image a*;", "7: expected the name of a file of the archive, found 'a*'" },
    { "image abcdefghijklmnopqrstuvwxyz123456;",
      "7: expected the name of a file of the archive of at most 31 characters, found "
      "'abcdefghijklmnopqrstuvwxyz123456'" },
    { "instead of *;", "12: expected the label of another driver, found '*'" },
    { "service disk;", "9: expected 'console', 'shell', 'pci' or 'iommu', found 'disk'" },
    { "service none;", "9: expected 'console', 'shell', 'pci' or 'iommu', found 'none'" },
    { "arguments;", "10: expected an argument, found ';'" },
    { "arguments a b c d e;", "19: more than 4 arguments" },

    { "vet 5;", "5: expected 'bar' or 'port', found '5'" },
    { "vet bar 6 offset 0;", "9: expected a base address register from 0 to 5, found '6'" },
    { "vet bar 0 0;", "11: expected 'offset', found '0'" },
    { "vet port 5 width 3;", "18: expected a width of 1, 2 or 4 bytes, found '3'" },
    { "vet port 5 width 2;", "5: the register is not aligned to its width" },
    { "vet port 5 width 1 mask 256;", "25: expected a mask from 1 to 255, found '256'" },
    { "vet port 5 width 1 mask 3 allow 4;", "33: expected a value from 0 to 3, found '4'" },
    { "vet port 5 width 1 mask 6 allow 5;", "33: the value has bits outside the mask" },
    { "vet port 5 width 1 mask 15 allow 0 1 2 3 4 5 6 7 8;", "50: more than 8 vetted values" },

    { "use none;", "5: expected the name of a class that is defined above, found 'none'" },
    { "use;", "4: expected the name of a class, found ';'" },
};

Test(errors, of_keys_name_the_place_and_what_was_expected) {
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        char text[1024], expected[512];
        (void)snprintf(text, sizeof text, "driver x {\n%s\n};\ndriver y { memory 1MiB; };\n",
                       mistakes[i].keys);
        (void)snprintf(expected, sizeof expected, "p.conf:2:%s\n", mistakes[i].error);
        read_text(text);
        cr_expect_str_eq(errors, expected, "%s:\n%s instead of\n%s", mistakes[i].keys, errors,
                         expected);
        cr_expect_null(policy_set_find(&set, "x"));
        cr_expect_not_null(policy_set_find(&set, "y"), "%s: others are not refused",
                           mistakes[i].keys);
    }
}

/* Errors of a whole driver are told at its label, here in column 8. */
static const struct mistake nonsense[] = {
    { "", "driver 'x': it has no 'memory', so it could not run" },
    { "memory 1MiB; ipc kernel NULL;", "driver 'x': kernel calls need SENDREC among 'ipc calls' and"
                                       " KERNEL among 'ipc targets'" },
    { "memory 1MiB; ipc calls SENDREC; ipc kernel NULL;",
      "driver 'x': kernel calls need SENDREC among 'ipc calls' and KERNEL among 'ipc targets'" },
    { "memory 1MiB; isa io any;", "driver 'x': 'any' is for the services pci and iommu, and for"
                                  " holders of PRIVCTL" },
    { "memory 1MiB; isa irq any; service shell;",
      "driver 'x': 'any' is for the services pci and iommu, and for holders of PRIVCTL" },
    { "memory 1MiB; isa mem any;",
      "driver 'x': 'any' is for the services pci and iommu, and for holders of PRIVCTL" },
    { "memory 1MiB; isa io 4; vet port 5 width 1 mask 1 allow 0;",
      "driver 'x': it vets a register that it has not got" },
    { "memory 1MiB; isa io 4; vet bar 0 offset 4 width 1 mask 1 allow 0;",
      "driver 'x': it vets a register that it has not got" },
    { "memory 1MiB; arguments a;", "driver 'x': only a service is started with arguments" },
    { "memory 1MiB; service pci; core 1;", "driver 'x': services run on core 0" },
    { "memory 1MiB; ipc targets y;", "driver 'x' may send to 'y', which is no driver" },
    { "memory 1MiB; recovery hook y 1 per 1s;",
      "driver 'x' is recovered by 'y', which is no driver" },
    { "memory 1MiB; instead of y;", "driver 'x' stands in for 'y', which is no driver" },
};

Test(errors, of_drivers_that_make_no_sense) {
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        char text[1024], expected[512];
        (void)snprintf(text, sizeof text, "driver x { %s };", nonsense[i].keys);
        (void)snprintf(expected, sizeof expected, "p.conf:1:8: %s\n", nonsense[i].error);
        read_text(text);
        cr_expect_str_eq(errors, expected, "%s:\n%s", nonsense[i].keys, errors);
        cr_expect_null(policy_set_find(&set, "x"));
    }
}

static void expect_errors(const char *text, const char *expected) {
    read_text(text);
    cr_expect_str_eq(errors, expected, "%s\n%s instead of\n%s", text, errors, expected);
}

Test(errors, of_labels) {
    expect_errors("driver KERNEL { memory 1MiB; };",
                  "p.conf:1:8: 'KERNEL' is no label of a driver\n");
    expect_errors("driver monitor { memory 1MiB; };",
                  "p.conf:1:8: 'monitor' is no label of a driver\n");
    expect_errors("driver * { memory 1MiB; };", "p.conf:1:8: '*' is no label of a driver\n");
    expect_errors("driver a* { memory 1MiB; service shell; };",
                  "p.conf:1:8: driver 'a*': a service is one program, not a pattern\n");
    expect_errors("driver a { memory 1MiB; };\ndriver a { memory 1MiB; };",
                  "p.conf:2:8: driver 'a' comes after, and is hidden by, 'a' (p.conf:1)\n");
    expect_errors("driver a* { memory 1MiB; };\ndriver ab* { memory 1MiB; };",
                  "p.conf:2:8: driver 'ab*' comes after, and is hidden by, 'a*' (p.conf:1)\n");
}

/* Nothing after them is read: who knows whose policy that would be. */
Test(errors, of_structure_end_the_reading) {
    static const struct mistake broken[] = {
        { "frob driver y { memory 1MiB; };", "1: expected 'driver' or 'class', found 'frob'" },
        { "driver { memory 1MiB; }; driver y { memory 1MiB; };",
          "8: expected the label of a driver, found '{'" },
        { "driver a*b { }; driver y { memory 1MiB; };", "9: a '*' may only be the last character" },
        { "driver a driver y { memory 1MiB; };", "10: expected '{', found 'driver'" },
        { "driver a { memory 1MiB; driver y { memory 1MiB; };",
          "32: expected 'manage', found 'y'" },
        { "driver a { memory 1MiB; } driver y { memory 1MiB; };",
          "27: expected ';' after '}', found 'driver'" },
        { "driver a { mirror } driver y { memory 1MiB; };", "19: expected ';', found '}'" },
        { "class { core 1; }; driver y { memory 1MiB; };",
          "7: expected the name of a class, found '{'" },
        { "class c { driver y { memory 1MiB; };", "18: expected 'manage', found 'y'" },
    };

    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        char expected[256];
        (void)snprintf(expected, sizeof expected, "p.conf:1:%s\n", broken[i].error);
        read_text(broken[i].keys);
        cr_expect_str_eq(errors, expected, "%s\n%s instead of\n%s", broken[i].keys, errors,
                         expected);
        cr_expect(set.ended, "%s", broken[i].keys);
        cr_expect_null(policy_set_find(&set, "y"), "%s", broken[i].keys);
    }
}

Test(errors, at_the_end_of_the_file) {
    expect_errors("driver",
                  "p.conf:1:7: expected the label of a driver, found the end of the file\n");
    expect_errors("driver a {\n", "p.conf:2:1: expected a key or '}', found the end of the file\n");
    expect_errors("driver a { core", "p.conf:1:16: expected 'any' or a core from 0 to 63, found the"
                                     " end of the file\n");
    expect_errors("# driver", "");
    expect_errors("", "");
}

Test(errors, every_driver_with_one_is_told) {
    expect_errors("driver a { core x; channels x; };\ndriver b { core 1; };\ndriver c { core y; };",
                  "p.conf:1:17: expected 'any' or a core from 0 to 63, found 'x'\n"
                  "p.conf:2:8: driver 'b': it has no 'memory', so it could not run\n"
                  "p.conf:3:17: expected 'any' or a core from 0 to 63, found 'y'\n");
}

Test(errors, of_classes_refuse_who_uses_them) {
    expect_errors("class c { core x; };\ndriver a { use c; };\ndriver b { memory 1MiB; };",
                  "p.conf:1:16: expected 'any' or a core from 0 to 63, found 'x'\n"
                  "p.conf:2:16: class 'c' is refused\n");
    cr_expect_not_null(policy_set_find(&set, "b"));
    expect_errors("class c { core 1; };\nclass d { core 2; };\ndriver a { use c d; };",
                  "p.conf:3:18: class 'd': another class gives 'core' too\n");
    expect_errors("class c { isa io 1 3 5 7; };\nclass d { isa io 9 11 13 15 17; };\n"
                  "driver a { use c d; };",
                  "p.conf:3:18: class 'd': more than 8 ranges\n");
    expect_errors("class c { mirror; };\nclass c { mirror; };",
                  "p.conf:2:7: class 'c' is there already\n");
}

/* ---- Conflicts ---- */

#define TWO(first, second) \
    "driver a { memory 1MiB; " first " };\ndriver b { memory 1MiB; " second " };"

static void expect_conflict(const char *text, const char *what) {
    char expected[256];

    (void)snprintf(expected, sizeof expected, "p.conf:2:8: driver 'b' %s 'a' (p.conf:1)\n", what);
    expect_errors(text, expected);
    cr_expect_not_null(policy_set_find(&set, "a"));
    cr_expect_null(policy_set_find(&set, "b"));
}

Test(conflicts, two_drivers_of_one_device) {
    expect_conflict(TWO("isa io 8:8;", "isa io 15;"), "has a port of");
    expect_conflict(TWO("isa irq 4;", "isa irq 3 4;"), "has an interrupt line of");
    expect_conflict(TWO("isa mem 0x1000:8KiB;", "isa mem 0x2000:4KiB;"), "has device memory of");
    expect_conflict(TWO("pci device 10ec/8139;", "pci device 8086/1 10ec/8139;"),
                    "has a PCI device of");
    expect_conflict(TWO("pci device 10ec/*;", "pci device 10ec/8139;"), "has a PCI device of");
    expect_conflict(TWO("pci class 02/00;", "pci class 02/00/01;"), "has a PCI device of");
    expect_conflict(TWO("service shell;", "service shell;"), "is the same service as");
}

Test(conflicts, none_where_devices_differ) {
    expect_errors(TWO("isa io 8:8;", "isa io 16:8 0:8;"), "");
    expect_errors(TWO("pci device 10ec/8139;", "pci device 10ec/8138 8086/8139;"), "");
    expect_errors(TWO("pci class 02/00;", "pci class 02/01 01/00;"), "");
    expect_errors(TWO("pci class 02/00;", "pci device 10ec/8139;"), "");
}

Test(conflicts, none_with_an_alternative) {
    expect_errors(TWO("isa io 8;", "isa io 8; instead of a;"), "");
    expect_errors(
        TWO("isa io 8;",
            "isa io 8; instead of a;") "driver c { memory 1MiB; isa io 8; instead of a; };",
        "");
}

Test(conflicts, none_between_the_keepers_of_devices) {
    expect_errors(TWO("service iommu; isa io 0xcf8:8;", "service pci; isa io 0xcf8:8 1;"), "");
    expect_errors(TWO("service iommu; isa io any; isa irq any;", "isa io 5; isa irq 4;"), "");
    expect_conflict(TWO("service pci; isa io 0xcf8:8;", "isa io 0xcf8;"), "has a port of");
}

Test(conflicts, none_with_who_could_take_everything_anyway) {
    expect_errors("driver a { memory 1MiB; ipc calls all; ipc targets KERNEL b; ipc kernel all;"
                  " isa io any; };\n"
                  "driver b { memory 1MiB; isa io 5; ipc calls SEND; ipc targets a; };",
                  "");
}

/* ---- Cycles ---- */

#define ASKS(name, target) \
    "driver " name " { memory 1MiB; ipc calls SENDREC; ipc targets " target "; };\n"
#define ASKS_ON(core, name, target)                                                             \
    "driver " name " { memory 1MiB; core " core "; ipc calls SENDREC; ipc targets " target "; " \
    "};\n"
#define CIRCLE "blocking calls (SEND, SENDREC) in a circle that may go across cores: "

Test(cycles, across_cores_are_refused) {
    expect_errors(ASKS_ON("0", "a", "b") ASKS_ON("1", "b", "a"),
                  "p.conf:2:8: " CIRCLE "b -> a -> b\n");
    expect_errors(ASKS("a", "b") ASKS("b", "c") ASKS("c", "a"),
                  "p.conf:3:8: " CIRCLE "c -> a -> b -> c\n");
    expect_errors(ASKS_ON("0", "a", "b") ASKS_ON("0", "b", "c a") ASKS_ON("1", "c", "a"),
                  "p.conf:3:8: " CIRCLE "c -> a -> b -> c\n");
    expect_errors(ASKS_ON("0", "a", "b") ASKS("b", "a"), "p.conf:2:8: " CIRCLE "b -> a -> b\n");
    expect_errors(ASKS("a", "b-*") ASKS("b-*", "a"), "p.conf:2:8: " CIRCLE "b-* -> a -> b-*\n");
    expect_errors(ASKS("a", "a"), "p.conf:1:8: " CIRCLE "a -> a\n");
}

Test(cycles, on_one_core_are_the_kernels_business) {
    expect_errors(ASKS_ON("0", "a", "b") ASKS_ON("0", "b", "a"), "");
    expect_errors(ASKS_ON("3", "a", "a"), "");
}

Test(cycles, need_calls_that_block) {
    expect_errors(ASKS("a", "b") "driver b { memory 1MiB; ipc calls ASEND NBSEND NOTIFY RECEIVE;"
                                 " ipc targets a; };",
                  "");
    expect_errors(ASKS("a", "b c") ASKS("b", "c") ASKS("c", "monitor"), "");
}

/* One that is refused is in nobody's way. */
Test(cycles, end_at_a_driver_that_is_refused) {
    expect_errors(ASKS("a", "b") ASKS("b", "a") ASKS("c", "b"),
                  "p.conf:2:8: " CIRCLE "b -> a -> b\n");
    cr_expect_not_null(policy_set_find(&set, "c"));
}

/* ---- Room ---- */

Test(room, more_drivers_than_there_is_room_for) {
    static char text[1 << 14];
    size_t used = 0;

    for (unsigned i = 0; i < 200; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "driver d%u { memory 1MiB; };\n", i);
    read_text(text);
    cr_expect_eq(set.errors, 1);
    cr_expect(strstr(errors, "no room for another driver\n") != NULL, "%s", errors);
    cr_expect(set.ended);
    cr_expect_leq(set.count, POLICIES_MAX);
    cr_expect_geq(set.count, 90);
}

Test(room, any_amount_of_memory_does) {
    static _Alignas(16) char memory[2048];
    static const char text[] = "driver a { memory 1MiB; isa io 1 3 5; ipc targets a b c; };\n"
                               "driver b { memory 1MiB; pci device 1/1; service shell;"
                               " arguments a b; };\n";

    for (size_t bytes = 0; bytes <= sizeof memory; bytes++) {
        static struct policy_set tight;
        char *end = memory + sizeof memory - bytes;
        policy_set_open(&tight, (char *)((uintptr_t)end & ~UINT64_C(15)), bytes, NULL, NULL);
        policy_set_read(&tight, "p.conf", text, sizeof text - 1);
        cr_assert_eq(tight.ended, tight.count < 2, "%zu bytes", bytes);
    }
}

Test(room, more_files_than_there_is_room_for) {
    static _Alignas(16) char memory[1024];

    policy_set_open(&set, memory, sizeof memory, NULL, NULL);
    for (unsigned i = 0; i < POLICY_FILES; i++)
        cr_expect_eq(policy_set_read(&set, "p.conf", "", 0), 0);
    cr_expect_eq(policy_set_read(&set, "p.conf", "", 0), 1);
    cr_expect(set.ended);
}

/* ---- For people ---- */

static char shown[1024];

static void show(void *context, const struct policy_error *error) {
    (void)context;
    (void)policy_error_format(shown, sizeof shown, error);
}

Test(people, see_the_line_and_a_caret) {
    static _Alignas(16) char memory[4096];
    static const char text[] = "driver a {\n\tisa io 1:x; # why\n};\n";

    policy_set_open(&set, memory, sizeof memory, show, NULL);
    policy_set_read(&set, "my.conf", text, sizeof text - 1);
    cr_expect_str_eq(shown, "my.conf:2:11: expected a number of ports from 1 to 65536, found 'x'\n"
                            "    \tisa io 1:x; # why\n"
                            "    \t         ^\n");
}

Test(people, see_no_caret_beyond_what_is_shown) {
    static _Alignas(16) char memory[4096];
    static char text[300];

    memset(text, ' ', sizeof text - 2);
    text[sizeof text - 2] = '?';
    policy_set_open(&set, memory, sizeof memory, show, NULL);
    policy_set_read(&set, "my.conf", text, sizeof text - 1);
    static const char start[] = "my.conf:1:299: expected 'driver' or 'class', found '?'\n    ";
    cr_expect_eq(strncmp(shown, start, sizeof start - 1), 0, "%s", shown);
    cr_expect_null(strchr(shown, '^'));
}

/*
 * topology-generate [OPTION...] INPUT
 *
 * INPUT is `host` (this machine), an XML file that hwloc exported, or a synthetic description of
 * hwloc's, such as "package:2 numa:1 l3:1 core:4 pu:2". Options say what is made of it; FILE may be
 * `-`, standard output. A file is replaced only when it changes.
 *
 *   --header=FILE   a C header
 *   --qemu=FILE     arguments with which QEMU has such a machine, one per line
 *   --svg=FILE      a picture
 *   --summary       a few lines on standard output
 *   --memory=MIB    what QEMU's machine has, divided among its nodes (512)
 *   --cores-max=N   more cores are refused (64, what Bulkhead runs on)
 *   --none          in the place of INPUT: the header of no machine
 *
 * Exit status 0: all was made; 1: a file cannot be written; 2: bad input or usage: nothing was. All
 * but the first with one line on standard error.
 */
#define _POSIX_C_SOURCE 200809L

#include "generate.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include <bulkhead/endpoint.h>

struct options {
    const char *header, *qemu, *svg;
    bool summary, none;
    uint64_t memory;
    uint32_t cores_max;
};

/* What is to become a file, or standard output. */
struct output {
    const char *path; /* NULL: it is not asked for */
    char *text;
    size_t bytes;
    FILE *stream;
};

void fail(int status, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    (void)fputs("topology: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    exit(status);
}

void *allocate(size_t count, size_t bytes) {
    void *memory = calloc(count ? count : 1, bytes);

    if (memory == NULL)
        fail(1, "memory: %s", strerror(errno));
    return memory;
}

static uint64_t parse_number(const char *option, const char *text, uint64_t max) {
    char *end;
    unsigned long long value = strtoull(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end || value == 0 || value > max)
        fail(2, "--%s=%s: must be 1 to %llu", option, text, (unsigned long long)max);
    return value;
}

static struct options parse_options(int argc, char **argv) {
    static const struct option known[] = {
        { "header", required_argument, NULL, 'h' },    { "qemu", required_argument, NULL, 'q' },
        { "svg", required_argument, NULL, 's' },       { "summary", no_argument, NULL, 't' },
        { "memory", required_argument, NULL, 'm' },    { "none", no_argument, NULL, 'n' },
        { "cores-max", required_argument, NULL, 'c' }, { NULL, 0, NULL, 0 },
    };
    struct options o = { .memory = 512, .cores_max = CORES_MAX };

    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (c) {
        case 'h':
            o.header = optarg;
            break;
        case 'q':
            o.qemu = optarg;
            break;
        case 's':
            o.svg = optarg;
            break;
        case 't':
            o.summary = true;
            break;
        case 'n':
            o.none = true;
            break;
        case 'm':
            o.memory = parse_number("memory", optarg, 1U << 24);
            break;
        case 'c':
            o.cores_max = (uint32_t)parse_number("cores-max", optarg, TOPOLOGY_CORES_MAX);
            break;
        default:
            exit(2);
        }
    }
    if (optind + !o.none != argc)
        fail(2, "usage: topology-generate [OPTION...] INPUT, or --none --header=FILE");
    return o;
}

static FILE *begin(struct output *output, const char *path) {
    output->path = path;
    output->stream = open_memstream(&output->text, &output->bytes);
    if (output->stream == NULL)
        fail(1, "memory: %s", strerror(errno));
    return output->stream;
}

static bool is_there_already(const struct output *output) {
    FILE *file = fopen(output->path, "rb");
    char *text;
    bool same;

    if (file == NULL)
        return false;
    text = allocate(output->bytes + 1, 1);
    same = fread(text, 1, output->bytes + 1, file) == output->bytes &&
           memcmp(text, output->text, output->bytes) == 0;
    free(text);
    (void)fclose(file);
    return same;
}

/* Nobody sees half a file. */
static void replace(const struct output *output) {
    char other[PATH_MAX];
    FILE *file;

    if (snprintf(other, sizeof other, "%s.new", output->path) >= (int)sizeof other)
        fail(1, "%s: the name is too long", output->path);
    file = fopen(other, "wb");
    if (file == NULL || fwrite(output->text, 1, output->bytes, file) != output->bytes ||
        fclose(file) != 0 || rename(other, output->path) != 0)
        fail(1, "%s: %s", output->path, strerror(errno));
}

static void end(struct output *output) {
    if (output->path == NULL)
        return;
    if (fclose(output->stream) != 0)
        fail(1, "memory: %s", strerror(errno));
    if (strcmp(output->path, "-") == 0)
        (void)fwrite(output->text, 1, output->bytes, stdout);
    else if (!is_there_already(output))
        replace(output);
    free(output->text);
}

int main(int argc, char **argv) {
    struct options o = parse_options(argc, argv);
    struct output header = { 0 }, qemu = { 0 }, svg = { 0 };
    struct machine m = { 0 };

    if (!o.none) {
        machine_read(&m, argv[optind]);
        if (m.topology.cores > o.cores_max)
            fail(2, "%s: %u cores are more than %u", m.name, m.topology.cores, o.cores_max);
    } else if (o.qemu || o.svg || o.summary) {
        fail(2, "--none: only --header can be made of no machine");
    }
    /* All that can be refused comes before anything is written. */
    if (o.header)
        write_header(begin(&header, o.header), o.none ? NULL : &m);
    if (o.qemu)
        write_qemu(begin(&qemu, o.qemu), &m, o.memory);
    if (o.svg)
        write_picture(begin(&svg, o.svg), &m);
    end(&header);
    end(&qemu);
    end(&svg);
    if (o.summary)
        write_summary(stdout, &m);
    machine_free(&m);
    if (fflush(stdout) != 0)
        fail(1, "standard output: %s", strerror(errno));
    return 0;
}

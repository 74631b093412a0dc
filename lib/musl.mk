# The pure parts of musl: no system call, no thread, no file. Paths are in its src/.

musl_files := \
    $(addprefix string/,bcmp bcopy bzero explicit_bzero memccpy memchr memcmp memcpy memmem \
        memmove mempcpy memrchr memset stpcpy stpncpy strcasecmp strcasestr strcat strchr \
        strchrnul strcmp strcpy strcspn strdup strlcat strlcpy strlen strncasecmp strncat strncmp \
        strncpy strndup strnlen strpbrk strrchr strsep strspn strstr strtok strtok_r) \
    $(addprefix ctype/,isalnum isalpha isascii isblank iscntrl isdigit isgraph islower isprint \
        ispunct isspace isupper isxdigit tolower toupper __ctype_get_mb_cur_max) \
    $(addprefix stdlib/,abs atoi atol atoll bsearch div imaxabs imaxdiv labs ldiv llabs lldiv \
        qsort qsort_nr strtol) \
    $(addprefix stdio/,asprintf fflush fprintf fputs fwrite ofl printf puts snprintf sprintf \
        vasprintf vfprintf vprintf vsnprintf vsprintf __overflow __stdio_exit __toread __towrite \
        __uflow) \
    $(addprefix errno/,__errno_location strerror) \
    $(addprefix exit/,assert exit) \
    $(addprefix internal/,intscan libc shgetc) \
    $(addprefix locale/,__lctrans) \
    $(addprefix math/,__fpclassifyl __signbitl frexpl) \
    $(addprefix multibyte/,wcrtomb wctomb) \
    $(addprefix malloc/,calloc reallocarray replaced) \
    $(addprefix malloc/mallocng/,aligned_alloc free malloc malloc_usable_size realloc)

# Those that print numbers, which may be floating-point numbers: their callers pass them as such.
musl_float_files := \
    $(addprefix stdio/,asprintf fprintf printf snprintf sprintf vfprintf) \
    $(filter math/%,$(musl_files))

musl_source = $(patsubst %,$(musl)/src/%.c,$(1))

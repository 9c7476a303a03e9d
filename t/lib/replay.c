/* Runs a fuzz target over the files of its corpus and reports in TAP, for
 * make check. libFuzzer brings a main of its own and does not link this. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Exactly as large as the file: a sanitizer then sees a read past the end. */
static uint8_t *read_all(size_t *size, const char *name)
{
    FILE *file = fopen(name, "rb");
    uint8_t *data;
    long end;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 ||
        (end = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0) {
        return NULL;
    }
    *size = (size_t)end;
    data = malloc(*size > 0 ? *size : 1);
    if (data != NULL && fread(data, 1, *size, file) != *size) {
        free(data);
        data = NULL;
    }
    fclose(file);
    return data;
}

int main(int argc, char **argv)
{
    int i, failed = 0;

    printf("1..%d\n", argc - 1);
    for (i = 1; i < argc; i++) {
        size_t size;
        uint8_t *data;

        fflush(stdout);
        /* An input that hangs a parser fails here, not at CI's limit. */
        alarm(20);
        data = read_all(&size, argv[i]);
        if (data == NULL) {
            printf("not ok %d - cannot read %s\n", i, argv[i]);
            failed = 1;
            continue;
        }
        LLVMFuzzerTestOneInput(data, size);
        free(data);
        printf("ok %d - %s does no harm\n", i, argv[i]);
    }
    return failed;
}

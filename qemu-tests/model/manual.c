// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of docs/device.md are what the model's tables say: those of fields are printed with
 * --print, all are compared otherwise.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "types.h"

#define MANUAL	"docs/device.md"

static const char *const access_names[] = {
	[MVGPU_RO] = "RO", [MVGPU_RW] = "RW", [MVGPU_WO] = "WO",
};

static void print_field(FILE *to, const struct mvgpu_field *field)
{
	int digits = 2 * field->size;

	fprintf(to, "| 0x%03x", field->offset);
	if (field->count)
		fprintf(to, " + %un", field->stride);
	fprintf(to, " | %u | %s | %s |", field->size, field->name, access_names[field->access]);
	if (field->access == MVGPU_WO)
		fprintf(to, " |");
	else if (field->type_reset)
		fprintf(to, " by type |");
	else
		fprintf(to, " 0x%0*x |", digits, field->reset);
	if (field->access == MVGPU_RW)
		fprintf(to, " 0x%0*x |\n", digits, field->writable);
	else
		fprintf(to, " |\n");
}

static void print_page(FILE *to, const struct mvgpu_page *page)
{
	unsigned int i;

	fprintf(to, "| offset | bytes | name | access | reset | writable |\n");
	fprintf(to, "| --- | --- | --- | --- | --- | --- |\n");
	for (i = 0; i < page->num_fields; i++)
		print_field(to, &page->fields[i]);
}

static char *read_manual(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = fopen(MANUAL, "r");

	if (!file)
		tap_bail("%s: %s (run in the top folder)", MANUAL, strerror(errno));
	if (getdelim(&text, &size, '\0', file) < 0)
		tap_bail("%s: cannot be read", MANUAL);
	fclose(file);
	return text;
}

static void test_type(const char *manual, const struct mvgpu_type_desc *type)
{
	const struct mvgpu_config *config = &type->config;
	char row[200];

	snprintf(row, sizeof(row), "| `mvgpu-%s` | %s | %u MiB | %u | %u x %u |\n", type->name,
		 config->native ? "native" : "bochs-display", config->vram_size >> 20,
		 config->num_rings, config->mode_width, config->mode_height);
	tap_ok(strstr(manual, row), "%s has the row of %s as the model does", MANUAL, type->name);
}

int main(int argc, char **argv)
{
	char *manual;
	unsigned int i;

	if (argc == 2 && !strcmp(argv[1], "--print")) {
		for (i = 0; i < MVGPU_NUM_PAGES; i++) {
			print_page(stdout, mvgpu_pages[i]);
			putchar('\n');
		}
		return 0;
	}

	manual = read_manual();
	for (i = 0; i < MVGPU_NUM_PAGES; i++) {
		char *table = NULL;
		size_t size = 0;
		FILE *to = open_memstream(&table, &size);

		print_page(to, mvgpu_pages[i]);
		fclose(to);
		tap_ok(strstr(manual, table), "%s has the table of page %u as the model does",
		       MANUAL, i);
		free(table);
	}
	for (i = 0; i < MVGPU_NUM_TYPES; i++)
		test_type(manual, &mvgpu_types[i]);
	free(manual);
	return tap_done();
}

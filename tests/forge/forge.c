/*
 * Forges archives that no tool makes:
 *
 *     forge tar|zip ENTRY... >FILE
 *
 * An entry is TYPE:NAME[:REST]; a name has no colon.  The types are
 *
 *     file:NAME:TEXT        with this content
 *     zeros:NAME:BYTES      with so many zeros
 *     claim:NAME:BYTES      declares so many bytes, and has none
 *     sparse:NAME:BYTES     a hole of that size (tar)
 *     many:PREFIX:COUNT     empty files PREFIX1, PREFIX2... (tar)
 *     folders:PREFIX:COUNT  the same as folders (tar)
 *     dir:NAME
 *     symlink:NAME:TARGET
 *     hardlink:NAME:TARGET  (tar)
 *     char:NAME, block:NAME, fifo:NAME   (tar)
 *     end:                  ends here: no end mark, no list of a zip
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512, MTIME = 1767322800 };

struct entry {
	char type[16];
	char name[8192];
	const char *rest;
};

static int
parse(struct entry *e, const char *word)
{
	e->rest = "";
	if (sscanf(word, "%15[^:]:%8191[^:]", e->type, e->name) < 1)
		return -1;
	word = strchr(word, ':');
	if (word != NULL && (word = strchr(word + 1, ':')) != NULL)
		e->rest = word + 1;
	return 0;
}

static bool
is_type(const struct entry *e, const char *type)
{
	return strcmp(e->type, type) == 0;
}

static void
put(const void *data, size_t len)
{
	if (fwrite(data, 1, len, stdout) != len)
		exit(1);
}

static void
put_zeros(uint64_t n)
{
	static const char zeros[65536];

	for (; n > sizeof(zeros); n -= sizeof(zeros))
		put(zeros, sizeof(zeros));
	put(zeros, (size_t)n);
}

/* --- tar (POSIX.1-1988, and GNU's long names and holes) ------------------- */

static void
set_octal(char *field, int width, uint64_t value)
{
	/* What is too large for octal digits is in base 256. */
	if (value >> (3 * (width - 1))) {
		for (int i = width - 1; i > 0; i--, value >>= 8)
			field[i] = (char)(value & 255);
		field[0] = (char)0x80;
		return;
	}
	field[width - 1] = '\0';
	for (int i = width - 2; i >= 0; i--, value >>= 3)
		field[i] = (char)('0' + (value & 7));
}

static void
put_header(const char *name, char type, uint64_t size, const char *link,
    uint64_t hole)
{
	char h[BLOCK] = { 0 };
	unsigned sum = 0;

	memcpy(h, name, strnlen(name, 100));
	set_octal(h + 100, 8, 0644);
	set_octal(h + 108, 8, 0);
	set_octal(h + 116, 8, 0);
	set_octal(h + 124, 12, size);
	set_octal(h + 136, 12, MTIME);
	memset(h + 148, ' ', 8);
	h[156] = type;
	memcpy(h + 157, link, strnlen(link, 100));
	memcpy(h + 257, "ustar  ", 8);
	if (hole > 0) {
		set_octal(h + 386, 12, hole);
		set_octal(h + 398, 12, 0);
		set_octal(h + 483, 12, hole);
	}
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	set_octal(h + 148, 7, sum);
	put(h, sizeof(h));
}

static void
put_padded(const char *data, size_t len)
{
	put(data, len);
	put_zeros((BLOCK - len % BLOCK) % BLOCK);
}

static void
tar_entry(const struct entry *e)
{
	static const struct {
		const char *type;
		char flag;
	} flags[] = { { "dir", '5' }, { "folders", '5' }, { "symlink", '2' },
		{ "hardlink", '1' }, { "char", '3' }, { "block", '4' },
		{ "fifo", '6' }, { "sparse", 'S' } };
	bool is_many = is_type(e, "many") || is_type(e, "folders");
	bool is_number = is_type(e, "zeros") || is_type(e, "claim") ||
	    is_type(e, "sparse") || is_many;
	uint64_t n = is_number ? strtoull(e->rest, NULL, 10) : 0;
	bool is_file = is_type(e, "file");
	char flag = '0';

	if (strlen(e->name) > 100) {
		put_header("././@LongLink", 'L', strlen(e->name), "", 0);
		put_padded(e->name, strlen(e->name));
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (is_type(e, flags[i].type))
			flag = flags[i].flag;
	for (uint64_t i = 1; is_many && i <= n; i++) {
		char name[100];

		(void)snprintf(name, sizeof(name), "%.70s%" PRIu64, e->name, i);
		put_header(name, flag, 0, "", 0);
	}
	if (is_many)
		return;
	put_header(e->name, flag,
	    flag == 'S'       ? 0
		: is_file     ? strlen(e->rest)
		: flag == '0' ? n
			      : 0,
	    flag == '1' || flag == '2' ? e->rest : "", flag == 'S' ? n : 0);
	if (is_file)
		put_padded(e->rest, strlen(e->rest));
	if (is_type(e, "zeros"))
		put_zeros((n + BLOCK - 1) / BLOCK * BLOCK);
}

/* --- zip (stored only) ---------------------------------------------------- */

struct zip {
	unsigned char list[1 << 20];
	size_t list_len;
	unsigned count;
	uint32_t offset;
};

static uint32_t
crc_of(const char *data, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return ~crc;
}

static size_t
little(unsigned char *to, int bytes, uint32_t value)
{
	for (int i = 0; i < bytes; i++, value >>= 8)
		to[i] = (unsigned char)(value & 255);
	return (size_t)bytes;
}

/* What the local header and the list have in common. */
static size_t
zip_common(unsigned char *to, const struct entry *e, uint32_t size,
    uint32_t crc)
{
	size_t n = little(to, 2, 20);

	n += little(to + n, 2, 0);
	n += little(to + n, 2, 0);
	n += little(to + n, 4, 0x5c220000);
	n += little(to + n, 4, crc);
	n += little(to + n, 4, size);
	n += little(to + n, 4, size);
	n += little(to + n, 2, (uint32_t)strlen(e->name));
	n += little(to + n, 2, 0);
	return n;
}

static void
zip_entry(struct zip *z, const struct entry *e)
{
	bool is_claim = is_type(e, "claim");
	const char *data = is_claim ? "" : e->rest;
	uint32_t size = (uint32_t)strlen(data);
	uint32_t crc = crc_of(data, size);
	uint32_t mode = is_type(e, "symlink") ? 0120777
	    : is_type(e, "dir")               ? 040755
					      : 0100644;
	unsigned char local[64];
	unsigned char *list = z->list + z->list_len;
	size_t n = little(local, 4, 0x04034b50);

	if (is_claim)
		size = (uint32_t)strtoul(e->rest, NULL, 10);
	if (z->list_len + 64 + strlen(e->name) > sizeof(z->list))
		exit(1);
	n += zip_common(local + n, e, size, crc);
	put(local, n);
	put(e->name, strlen(e->name));
	put(data, strlen(data));
	list += little(list, 4, 0x02014b50);
	list += little(list, 2, 0x0314);
	list += zip_common(list, e, size, crc);
	list += little(list, 2, 0);
	list += little(list, 2, 0);
	list += little(list, 2, 0);
	list += little(list, 4, mode << 16);
	list += little(list, 4, z->offset);
	memcpy(list, e->name, strlen(e->name));
	z->list_len = (size_t)(list - z->list) + strlen(e->name);
	z->offset += (uint32_t)(n + strlen(e->name) + strlen(data));
	z->count++;
}

static void
zip_end(const struct zip *z)
{
	unsigned char end[32];
	size_t n = little(end, 4, 0x06054b50);

	n += little(end + n, 4, 0);
	n += little(end + n, 2, z->count);
	n += little(end + n, 2, z->count);
	n += little(end + n, 4, (uint32_t)z->list_len);
	n += little(end + n, 4, z->offset);
	n += little(end + n, 2, 0);
	put(z->list, z->list_len);
	put(end, n);
}

int
main(int argc, char **argv)
{
	static struct zip z;
	static struct entry e;
	bool is_zip = argc > 1 && strcmp(argv[1], "zip") == 0;

	if (argc < 2 || (!is_zip && strcmp(argv[1], "tar") != 0))
		return 64;
	for (int i = 2; i < argc; i++) {
		if (parse(&e, argv[i]) == -1)
			return 64;
		if (is_type(&e, "end"))
			return fflush(stdout) != 0;
		if (is_zip)
			zip_entry(&z, &e);
		else
			tar_entry(&e);
	}
	if (is_zip)
		zip_end(&z);
	else
		put_zeros(2 * BLOCK);
	return fflush(stdout) != 0;
}

#include "upload.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static void
file_begin(void *arg, const struct multipart_part *part)
{
	struct upload *up = arg;

	up->is_in_file = part->name != NULL && strcmp(part->name, "file") == 0;
	if (!up->is_in_file || ++up->files > 1)
		return;
	up->header_bytes = part->header_bytes;
	up->disposition =
	    text_copy(part->disposition, strlen(part->disposition));
	if (part->type != NULL)
		up->type = text_copy(part->type, strlen(part->type));
	if (part->filename != NULL &&
	    text_is_utf8(part->filename, strlen(part->filename)))
		up->filename =
		    text_copy(part->filename, strlen(part->filename));
}

static size_t
bytes_to_keep(const struct upload *up, size_t n)
{
	long long left = up->keep_bytes - up->bytes;

	if (up->keep_bytes < 0 || left > (long long)n)
		return n;
	return left > 0 ? (size_t)left : 0;
}

static void
file_data(void *arg, const char *data, size_t n)
{
	struct upload *up = arg;
	size_t keep = bytes_to_keep(up, n);

	if (!up->is_in_file || up->files > 1)
		return;
	EVP_DigestUpdate(up->hash, data, n);
	EVP_DigestUpdate(up->md5_hash, data, n);
	up->bytes += (long long)n;
	for (ssize_t done; keep > 0; keep -= (size_t)done, data += done) {
		done = write(up->fd, data, keep);
		if (done <= 0) {
			up->failure = "cannot write the incoming file";
			return;
		}
	}
}

struct upload *
upload_begin(unsigned n, const char *content_type, long long keep_bytes)
{
	struct upload *up = text_must(calloc(1, sizeof(*up)));
	struct multipart_sink sink = { file_begin, file_data, up };

	up->keep_bytes = keep_bytes;
	multipart_begin(&up->parser, content_type, sink);
	up->hash = text_must(EVP_MD_CTX_new());
	EVP_DigestInit_ex(up->hash, EVP_sha256(), NULL);
	up->md5_hash = text_must(EVP_MD_CTX_new());
	EVP_DigestInit_ex(up->md5_hash, EVP_md5(), NULL);
	snprintf(up->incoming, sizeof(up->incoming), "incoming/%u", n);
	up->fd =
	    open(up->incoming, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (up->fd == -1)
		up->failure = "cannot create the incoming file";
	return up;
}

struct upload *
upload_begin_raw(unsigned n, const char *key, const char *content_type,
    long long keep_bytes)
{
	struct upload *up = upload_begin(n, NULL, keep_bytes);
	const char *slash = strrchr(key, '/');
	const char *name = slash != NULL ? slash + 1 : key;

	up->is_raw = true;
	up->is_in_file = true;
	up->files = 1;
	up->filename = text_copy(name, strlen(name));
	if (content_type != NULL)
		up->type = text_copy(content_type, strlen(content_type));
	return up;
}

void
upload_feed(struct upload *up, const char *data, size_t n)
{
	if (up->is_raw)
		file_data(up, data, n);
	else
		multipart_feed(&up->parser, data, n);
}

void
upload_end(struct upload *up)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (up->sha256[0] != '\0')
		return;
	EVP_DigestFinal_ex(up->hash, digest, &n);
	for (unsigned i = 0; i < n && i < 32; i++)
		snprintf(up->sha256 + 2 * i, 3, "%02x", digest[i]);
	EVP_DigestFinal_ex(up->md5_hash, digest, &n);
	for (unsigned i = 0; i < n && i < 16; i++)
		snprintf(up->md5 + 2 * i, 3, "%02x", digest[i]);
	EVP_EncodeBlock((unsigned char *)up->md5_base64, digest, 16);
}

const char *
upload_name_problem(const char *name)
{
	if (name == NULL || *name == '\0')
		return "no file name";
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strchr(name, '/') != NULL)
		return "bad file name";
	if (strlen(name) > NAME_MAX)
		return "file name too long";
	return NULL;
}

const char *
upload_problem(const struct upload *up, long long max_file_bytes,
    unsigned *status)
{
	*status = 400;
	if (up->parser.problem != NULL)
		return up->parser.problem;
	if (up->parser.state != MULTIPART_DONE)
		return "no final boundary";
	if (up->files == 0)
		return "no part named file";
	if (up->files > 1)
		return "more than one part named file";
	if (upload_name_problem(up->filename) != NULL)
		return upload_name_problem(up->filename);
	*status = 413;
	if (max_file_bytes >= 0 && up->bytes > max_file_bytes)
		return "file too large";
	*status = 500;
	return up->failure;
}

long long
upload_expected_bytes(const struct upload *up, long long body_bytes)
{
	/* Boundary, line end, headers, data, delimiter, two dashes, line end;
	 * the first boundary lacks the delimiter's line end. */
	size_t around = up->parser.delimiter_bytes + up->header_bytes +
	    up->parser.delimiter_bytes + 4;

	if (up->disposition == NULL || body_bytes < (long long)around)
		return -1;
	return body_bytes - (long long)around;
}

json_t *
upload_describe(const struct upload *up)
{
	if (up == NULL)
		return json_null();
	/* For refused headers only the size is known. */
	if (up->disposition == NULL && up->parser.header_bytes == 0 &&
	    !up->is_raw)
		return json_null();
	return json_pack("{s:I,s:o,s:o,s:o,s:I,s:s?}", "headerBytes",
	    (json_int_t)(up->disposition != NULL ? up->header_bytes
						 : up->parser.header_bytes),
	    "disposition", text_json_or_null(up->disposition), "filename",
	    text_json_or_null(up->filename), "contentType",
	    text_json_or_null(up->type), "bytes", (json_int_t)up->bytes,
	    "sha256", up->sha256[0] != '\0' ? up->sha256 : NULL);
}

void
upload_free(struct upload *up)
{
	if (up == NULL)
		return;
	if (up->fd != -1)
		close(up->fd);
	if (up->incoming[0] != '\0')
		unlink(up->incoming);
	EVP_MD_CTX_free(up->hash);
	EVP_MD_CTX_free(up->md5_hash);
	multipart_release(&up->parser);
	free(up->disposition);
	free(up->filename);
	free(up->type);
	free(up);
}

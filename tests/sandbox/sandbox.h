/*
 * The sandbox: both services that jibri-finalize talks to, on one loopback
 * port.  It keeps its state in files and misbehaves on request.  Its working
 * directory is DIR; every path in these files is relative to it.
 *
 *   main        options, start and end
 *   request     the life of one request, from first header to log line
 *   target      the raw request target and the stage it belongs to
 *   multipart   the parser of upload bodies, as strict as Tomcat's
 *   upload      an arriving body: parsed, hashed, kept in incoming/
 *   store       what is stored: store/ and records.jsonl
 *   webhook     the three proofs of a webhook's sender, and its body
 *   token       an OAuth 2 server for client credentials
 *   service     the good answer of every stage
 *   s3, s3_proof, s3_parts   an S3 server: objects, signatures, parts
 *   parts, parts_url, parts_complete   a large file in parts, with --parts
 *   parts_s3    the same with its parts at an S3 server, with --parts-s3
 *   uploads     unfinished uploads in parts
 *   sign        HMACs and the signatures of S3
 *   shape       good answers in the form that other servers use
 *   fault       the file of faults: which one applies now
 *   ending      how a request ends, well or badly
 *   answer      an answer before it is sent
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#include "fault.h"

struct parts_s3 {
	const char *url, *bucket, *key, *secret;
};

struct settings {
	const char *dir;
	const char *certificate_file;
	const char *key_file;
	const char *prefix; /* in front of every path, or "" */
	const char *secret;
	const char *secret_previous;
	const char *token;
	const char *client; /* id and secret make us an OAuth 2 server */
	const char *client_secret;
	double token_life_s;
	double token_told_s;      /* -1: what is true */
	long long max_file_bytes; /* -1: no limit */
	long long keep_bytes;     /* of one file; -1: all of them */
	long long max_time_s;
	long long keep_alive_s; /* 0: forever */
	const char *shape;      /* of good answers; NULL: as they are */
	long long page_size;    /* of a list; 0: unlimited */
	const char *s3_key;     /* with its secret: we are S3 */
	const char *s3_secret;
	const char *s3_region;
	long long s3_part_min;
	long long part_bytes;     /* of files in parts; 0: not offered */
	double parts_life_s;      /* of the URL of a part */
	double parts_told_s;      /* -1: the truth */
	const char *parts_origin; /* of these URLs; NULL: the request's */
	const char *parts_header; /* "Name: value", of each PUT; or NULL */
	struct parts_s3 parts_s3; /* keeps the parts; or all NULL */
	long long seed;           /* of random faults */
};

struct sandbox {
	struct settings set;
	atomic_uint active; /* active requests, and files stored late */

	/* The lock protects the following, and every file except incoming/. */
	pthread_mutex_t lock;
	struct fault_list faults;
	json_t *records;
	json_t *uploads; /* unfinished, in parts */
	json_t *tokens;  /* issued: when each expires, in ms */
	long long next_id;
	unsigned last_request;
	unsigned last_connection;
};

/* Print one line and end with 2, so that a typo in a test cannot pass. */
void sandbox_die(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

#endif

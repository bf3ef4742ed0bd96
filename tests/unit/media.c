#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "recording/media.h"

/* What a file with these bytes is. */
static enum media_health
health(const char *bytes, size_t len)
{
	autoclose int fd = memfd_create("media", MFD_CLOEXEC);
	enum media_health result;
	char why[64] = "", also[64] = "";

	assert_int_not_equal(fd, -1);
	assert_int_equal(file_write_all(fd, bytes, len), 0);
	result = media_check(fd, (int64_t)len, why, sizeof(why));
	check(media_check_bytes(bytes, len, also, sizeof(also)) == result &&
		strcmp(why, also) == 0,
	    "in memory: '%s', not '%s'", also, why);
	check((result != MEDIA_WHOLE) == (*why != '\0'), "why: '%s'", why);
	return result;
}

#define BYTES(text) (text), sizeof(text) - 1
#define FTYP "\0\0\0\020ftypisom\0\0\0\0"
#define MDAT "\0\0\0\014mdat1234"
#define ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define HOLE "\0\0\0\110mdat" ZEROS ZEROS ZEROS ZEROS
#define STSZ(size) "\0\0\0\024stsz\0\0\0\0\0\0\0" size "\0\0\0\001"
#define STSC "\0\0\0\034stsc\0\0\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1"
#define STCO(at) "\0\0\0\024stco\0\0\0\0\0\0\0\1\0\0\0" at
#define TRACK(kind, stsz, stco) \
	"\0\0\0\170trak\0\0\0\160mdia" \
	"\0\0\0\024hdlr\0\0\0\0\0\0\0\0" kind "\0\0\0\124minf" \
	"\0\0\0\114stbl" stsz STSC stco
#define MOOV_OF(kind, size, at) \
	"\0\0\0\200moov" TRACK(kind, STSZ(size), STCO(at))
/* A frame of 4 bytes at this offset. */
#define MOOV(at) MOOV_OF("vide", "\4", at)
#define EMPTY "\0\0\0\010moov"
#define MVEX "\0\0\0\020moov\0\0\0\010trak"
#define MOOF "\0\0\0\040moof\0\0\0\030traf\0\0\0\020trun\0\0\0\0\0\0\0\1"
/* Its only sample has this size. */
#define MOOF_OF(size) \
	"\0\0\0\044moof\0\0\0\034traf\0\0\0\024trun\0\0\2\0\0\0\0\1\0\0\0" size
#define MOOF_OF_TRACK(id) \
	"\0\0\0\060moof\0\0\0\050traf\0\0\0\020tfhd\0\0\0\0\0\0\0" id \
	"\0\0\0\020trun\0\0\0\0\0\0\0\1"

#define AVC1 \
	"\0\0\0\164stsd\0\0\0\0\0\0\0\1\0\0\0\144avc1" ZEROS ZEROS ZEROS ZEROS \
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
	"\0\0\0\016avcC\1\1\1\1\3\0"

/* As MOOV, of H.264 with lengths of 4 bytes. */
#define AVC(at) \
	"\0\0\0\364moov\0\0\0\354trak\0\0\0\344mdia" \
	"\0\0\0\024hdlr\0\0\0\0\0\0\0\0vide\0\0\0\310minf" \
	"\0\0\0\300stbl" STSZ("\4") STSC \
	STCO(at) AVC1

/* A fragment of one sample of it, of 5 bytes. */
#define AVC_FRAGMENT \
	"\0\0\0\264moov\0\0\0\254trak\0\0\0\030tkhd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1" \
	"\0\0\0\214mdia\0\0\0\204minf\0\0\0\174stbl" AVC1 \
	"\0\0\0\070moof\0\0\0\060traf\0\0\0\020tfhd\0\2\0\0\0\0\0\1" \
	"\0\0\0\030trun\0\0\2\1\0\0\0\1\0\0\0\100\0\0\0\5\0\0\0\015mdat"

/* The same with the size in front of the run. */
#define AVC_FRAGMENT_OF_SIZE \
	"\0\0\0\264moov\0\0\0\254trak\0\0\0\030tkhd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1" \
	"\0\0\0\214mdia\0\0\0\204minf\0\0\0\174stbl" AVC1 \
	"\0\0\0\070moof\0\0\0\060traf\0\0\0\024tfhd\0\2\0\020\0\0\0\1\0\0\0\5" \
	"\0\0\0\024trun\0\0\0\1\0\0\0\1\0\0\0\100\0\0\0\015mdat"

/* For fragments of a track with this codec. */
#define MOOV_OF_CODEC(type) \
	"\0\0\0\100moov\0\0\0\070trak\0\0\0\060mdia\0\0\0\050minf\0\0\0\040stbl" \
	"\0\0\0\030stsd\0\0\0\0\0\0\0\1\0\0\0\010" type

#define ZEROS_80 ZEROS ZEROS ZEROS ZEROS ZEROS

struct media_row {
	const char *what, *bytes;
	size_t len;
};

static void
each_is(enum media_health want, const struct media_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(health(rows[i].bytes, rows[i].len) == want, "%s",
		    rows[i].what);
}

static void
test_whole_mp4(void **state)
{
	static const struct media_row rows[] = {
		{ "moov last", BYTES(FTYP MDAT MOOV("\030")) },
		{ "moov first", BYTES(FTYP MOOV("\230") MDAT) },
		{ "QuickTime", BYTES(MDAT MOOV("\010")) },
		{ "sound", BYTES(FTYP MDAT MOOV_OF("soun", "\4", "\030")) },
		{ "mdat to the end",
		    BYTES(FTYP MOOV("\230") "\0\0\0\0mdat1234") },
		{ "mdat with 64 bits",
		    BYTES("\0\0\0\1mdat\0\0\0\0\0\0\0\0241234" MOOV("\020")) },
		{ "a moov to the end",
		    BYTES(FTYP MDAT "\0\0\0\0moov" TRACK("vide", STSZ("\4"),
			STCO("\030"))) },
		{ "an mdat that claims too much",
		    BYTES(FTYP MOOV("\230") "\0\0\1\0mdat1234") },
		{ "a box that is cut",
		    BYTES(FTYP MDAT MOOV("\030") "\0\0\1\0free") },
		{ "bytes behind the end",
		    BYTES(FTYP MDAT MOOV("\030") "trail") },
		{ "zeros behind the end",
		    BYTES(FTYP MDAT MOOV("\030") "\0\0\0\0\0\0\0\0\0\0") },
		{ "a frame of one unit of H.264",
		    BYTES(FTYP "\0\0\0\014mdat\0\0\0\0" AVC("\030") "\0") },
		{ "a fragment", BYTES(FTYP MVEX MOOF MDAT) },
		{ "a fragment of H.264", BYTES(FTYP AVC_FRAGMENT "\0\0\0\1e") },
		{ "a fragment of H.264 of one size",
		    BYTES(FTYP AVC_FRAGMENT_OF_SIZE "\0\0\0\1e") },
		{ "a moof that is cut",
		    BYTES(FTYP MVEX MOOF MDAT "\0\0\0\040moof\0\0") },
		{ "a sample with a size",
		    BYTES(FTYP MVEX MOOF MDAT MOOF_OF("\4") MDAT) },
		{ "a part of a track",
		    BYTES(FTYP MVEX MOOF MDAT MOOF_OF_TRACK("\1") MDAT) },
		{ "silence",
		    BYTES(FTYP MOOV_OF_CODEC("sowt") MOOF
			"\0\0\0\014mdat\0\0\0\0") },
		{ "silence in ADPCM",
		    BYTES(FTYP MOOV_OF_CODEC("ms\0\2") MOOF
			"\0\0\0\014mdat\0\0\0\0") },
		{ "a sample that is padded with zeros",
		    BYTES(
			FTYP MVEX MOOF_OF("\121") "\0\0\0\131mdatx" ZEROS_80) },
		{ "a fragment of which only headers are there",
		    BYTES(FTYP MVEX MOOF MDAT MOOF "\0\0\0\014mdat") },
	};

	(void)state;
	each_is(MEDIA_WHOLE, rows, LENGTH(rows));
}

static void
test_damaged_mp4(void **state)
{
	static const struct media_row rows[] = {
		{ "only ftyp", BYTES(FTYP) },
		{ "no moov", BYTES(FTYP MDAT) },
		{ "an empty moov", BYTES(FTYP MDAT EMPTY) },
		{ "a fragment without tracks", BYTES(FTYP EMPTY MOOF MDAT) },
		{ "a frame whose units do not fill it",
		    BYTES(FTYP MDAT AVC("\030")) },
		{ "a moov of junk", BYTES(FTYP MDAT "\0\0\0\014moov1234") },
		{ "no samples",
		    BYTES(FTYP MDAT "\0\0\0\200moov" TRACK("vide",
			"\0\0\0\024stsz\0\0\0\0\0\0\0\4\0\0\0\0",
			STCO("\030"))) },
		{ "text tracks",
		    BYTES(FTYP MDAT MOOV_OF("text", "\4", "\030")) },
		{ "samples behind the end", BYTES(FTYP MDAT MOOV("\377")) },
		{ "the last sample is cut",
		    BYTES(FTYP MOOV("\230") "\0\0\0\014mdat123") },
		{ "a hole", BYTES(FTYP HOLE MOOV("\030")) },
		{ "silence, and no more",
		    BYTES(FTYP HOLE MOOV_OF("soun", "\4", "\030")) },
		{ "a moov within mdat",
		    BYTES(FTYP "\0\0\0\214mdat1234" MOOV("\030")) },
		{ "2^64 - 1 bytes",
		    BYTES(FTYP
			"\0\0\0\1mdat\377\377\377\377\377\377\377\377" MOOV(
			    "\030")) },
		{ "a fragment without samples",
		    BYTES(FTYP MVEX "\0\0\0\040moof\0\0\0\030traf\0\0\0\020trun"
				    "\0\0\0\0\0\0\0\0" MDAT) },
		{ "a fragment without data", BYTES(FTYP MVEX MOOF) },
		{ "a fragment of zeros",
		    BYTES(FTYP MVEX MOOF "\0\0\0\014mdat\0\0\0\0") },
		{ "a fragment of noise", BYTES(FTYP AVC_FRAGMENT "noise") },
		{ "a fragment of noise of one size",
		    BYTES(FTYP AVC_FRAGMENT_OF_SIZE "noise") },
		{ "a fragment whose last sample is zeros",
		    BYTES(FTYP MVEX "\0\0\0\050moof\0\0\0\040traf\0\0\0\030trun"
				    "\0\0\2\0\0\0\0\2\0\0\0\4\0\0\0\4"
				    "\0\0\0\020mdat1234\0\0\0\0") },
		{ "a fragment of PCM without data",
		    BYTES(FTYP MOOV_OF_CODEC("sowt") MOOF "\0\0\0\010mdat") },
		{ "a fragment that is cut",
		    BYTES(FTYP MVEX MOOF MDAT MOOF "\0\0\0\014mdat12") },
		{ "a fragment, and no moov", BYTES(FTYP MOOF MDAT) },
		{ "a moof without an mdat", BYTES(FTYP MVEX MOOF MDAT MOOF) },
		{ "a moof that is cut among the sizes",
		    BYTES(FTYP MVEX MOOF MDAT MOOF_OF("")) },
		{ "a sample without a size",
		    BYTES(FTYP MVEX MOOF MDAT MOOF_OF("\0") MDAT) },
		{ "a part of no track",
		    BYTES(FTYP MVEX MOOF MDAT MOOF_OF_TRACK("\0") MDAT) },
	};

	(void)state;
	each_is(MEDIA_DAMAGED, rows, LENGTH(rows));
}

static void
test_every_cut(void **state)
{
	static const char last[] = FTYP MDAT MOOV("\030");
	static const char first[] = FTYP MOOV("\230") MDAT;

	(void)state;
	for (size_t len = 8; len < sizeof(last) - 1; len++) {
		check(health(last, len) == MEDIA_DAMAGED, "last: %zu", len);
		check(health(first, len) == MEDIA_DAMAGED, "first: %zu", len);
	}
}

/* Boxes behind the tables, of which the last two are metadata. */
static void
test_cut_metadata(void **state)
{
	static const char mp4[] = FTYP MDAT
	    "\0\0\0\240moov\0\0\0\204trak\0\0\0\174mdia"
	    "\0\0\0\024hdlr\0\0\0\0\0\0\0\0vide\0\0\0\140minf"
	    "\0\0\0\130stbl" STSZ("\4") STSC STCO(
		"\030") "\0\0\0\014sgpd1234\0\0\0\024udta\0\0\0\014meta1234";
	static const char mov[] =
	    MDAT "\0\0\0\230moov" TRACK("vide", STSZ("\4"),
		STCO("\010")) "\0\0\0\030udta\0\0\0\020\251swr\0\4\0\0text";
	enum { TABLES = sizeof(mp4) - 1 - 32, TEXT_CUT = 4 };

	(void)state;
	for (size_t len = TABLES; len < sizeof(mp4); len++)
		check(health(mp4, len) == MEDIA_WHOLE, "MP4: %zu", len);
	assert_int_equal(health(mp4, TABLES - 1), MEDIA_DAMAGED);
	/* FFmpeg cannot open a file that ends in the last 4 bytes of a text. */
	for (size_t cut = 1; cut <= 24; cut++)
		check((health(mov, sizeof(mov) - 1 - cut) == MEDIA_WHOLE) ==
			(cut > TEXT_CUT),
		    "QuickTime: %zu", cut);
}

/* Meetings last for hours, and each second can be a fragment. */
static void
test_many_fragments(void **state)
{
	static const char first[] = FTYP MVEX, each[] = MOOF MDAT;
	enum { MANY = 15000, EACH = sizeof(each) - 1 };
	size_t len = sizeof(first) - 1 + (size_t)MANY * EACH;
	char *bytes = malloc(len);

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, first, sizeof(first) - 1);
	for (size_t at = sizeof(first) - 1; at < len; at += EACH)
		memcpy(bytes + at, each, EACH);
	assert_int_equal(health(bytes, len), MEDIA_WHOLE);
	assert_int_equal(health(bytes, len - 1), MEDIA_DAMAGED);
	memset(bytes + len - 4, 0, 4);
	assert_int_equal(health(bytes, len), MEDIA_DAMAGED);
	assert_int_equal(health(bytes, len - sizeof(MDAT) + 1), MEDIA_DAMAGED);
	free(bytes);
}

#define EBML "\x1a\x45\xdf\xa3\x80"
#define SEGMENT(size) "\x18\x53\x80\x67" size
#define TRACKS "\x16\x54\xae\x6b\x83\xae\x81t"
#define PCM \
	"\x16\x54\xae\x6b\x8a\xae\x88\x86\x86" \
	"A_PCM/"
#define CLUSTER(size) "\x1f\x43\xb6\x75" size
#define BLOCK "\xa3\x86\x81\0\0\x80vp"

static void
test_matroska(void **state)
{
	static const struct media_row whole[] = {
		{ "a block",
		    BYTES(EBML SEGMENT("\x95") TRACKS CLUSTER("\x88") BLOCK) },
		{ "while it is recorded",
		    BYTES(EBML SEGMENT("\xff") TRACKS CLUSTER("\xff")
			    BLOCK CLUSTER("\xff") BLOCK) },
		{ "64 bits",
		    BYTES(EBML SEGMENT("\1\0\0\0\0\0\0\025")
			    TRACKS CLUSTER("\x88") BLOCK) },
		{ "a trailer",
		    BYTES(EBML SEGMENT("\x95") TRACKS CLUSTER("\x88") BLOCK
			"\0trailer") },
		{ "silence",
		    BYTES(EBML SEGMENT("\xff")
			    PCM CLUSTER("\xff") "\xa3\x86\x81\0\0\x80\0\0") },
		{ "a block that is padded with zeros",
		    BYTES(EBML SEGMENT("\xff") TRACKS CLUSTER(
			"\xff") "\xa3\xd5\x81\0\0\x80v" ZEROS_80) },
		{ "a group",
		    BYTES(EBML SEGMENT("\xff") TRACKS CLUSTER(
			"\xff") "\xa0\x88\xa1\x86\x81\0\0\x80vp") },
	};
	static const struct media_row damaged[] = {
		{ "no segment", BYTES(EBML) },
		{ "an empty one", BYTES(EBML SEGMENT("\x80")) },
		{ "no cluster", BYTES(EBML SEGMENT("\xff") TRACKS) },
		{ "no block",
		    BYTES(EBML SEGMENT("\xff") TRACKS CLUSTER("\x80")) },
		{ "tracks of junk",
		    BYTES(EBML SEGMENT("\xff") "\x16\x54\xae\x6b\x81t" CLUSTER(
			"\xff") BLOCK) },
		{ "no tracks",
		    BYTES(EBML SEGMENT("\xff") CLUSTER("\x88") BLOCK) },
		{ "an empty block",
		    BYTES(EBML SEGMENT("\xff")
			    TRACKS CLUSTER("\xff") "\xa3\x84\x81\0\0\x80") },
		{ "a block of zeros",
		    BYTES(EBML SEGMENT("\xff") TRACKS CLUSTER(
			"\xff") "\xa3\x86\x81\0\0\x80\0\0") },
		{ "a cut block",
		    BYTES(EBML SEGMENT("\xff")
			    TRACKS CLUSTER("\xff") "\xa3\x86\x81\0\0\x80v") },
		{ "a cut cluster",
		    BYTES(EBML SEGMENT("\xff") TRACKS CLUSTER("\x88")
			    BLOCK CLUSTER("\x88") "\xa3") },
		{ "a cut segment",
		    BYTES(EBML SEGMENT("\x96") TRACKS CLUSTER("\x88") BLOCK) },
		{ "zeros",
		    BYTES(EBML SEGMENT("\xff") TRACKS CLUSTER("\x88") BLOCK
			"\0\0\0\0") },
		{ "zeros in the last cluster",
		    BYTES(EBML SEGMENT("\xff") TRACKS CLUSTER("\x88")
			    BLOCK CLUSTER("\x90") BLOCK "\0\0\0\0\0\0\0\0") },
		{ "a size that is not a number",
		    BYTES(EBML SEGMENT("\xff") TRACKS CLUSTER("\0")) },
	};

	(void)state;
	each_is(MEDIA_WHOLE, whole, LENGTH(whole));
	each_is(MEDIA_DAMAGED, damaged, LENGTH(damaged));
}

#define TEXT \
	" is how a text begins, and it goes on for a while, and then for " \
	"another, so that nobody takes it for a header. And here it ends.\n"
#define ID3 "ID3\4\0\0\0\0\0\2\0\0"
/* 8 kbit/s at 24 kHz in 24 bytes. */
#define MP3 \
	"\xff\xf3\x14\xc0" \
	"12345678901234567890"

#define ZEROS_64 ZEROS ZEROS ZEROS ZEROS
#define ZEROS_320 ZEROS_64 ZEROS_64 ZEROS_64 ZEROS_64 ZEROS_64
#define PACK "\0\0\1\xba\x44\0\0\0\0\0\0\0\0\0"
#define PACKET(size) "\0\0\1\xe0\0" size "abcd"

static void
test_pretenders(void **state)
{
	static const struct media_row rows[] = {
		{ "IVF", BYTES("DKIF" TEXT) },
		{ "AU", BYTES(".snd" TEXT) },
		{ "Flash", BYTES("CWS" TEXT) },
		{ "TTA", BYTES("TTA1" TEXT) },
		{ "AMR", BYTES("#!AMR" TEXT) },
		{ "Y4M", BYTES("YUV4MPEG2 " TEXT) },
		{ "AIFF", BYTES("FORM....AIFF" TEXT) },
		{ "WAV without a format",
		    BYTES("RIFF\0\0\0\0WAVEdata\0\0\0\0" TEXT) },
		{ "WavPack", BYTES("wvpk\1\0\0\0" TEXT) },
		{ "MPEG-PS",
		    BYTES("\0\0\1\xba\x44\0\0\0\0\0\0\0\0\0\0\0\1\xe0"
			  "\0\x8" TEXT) },
		{ "ASF", BYTES("0&\xb2\x75\x8e\x66" TEXT) },
		{ "NUT", BYTES("nut/multimedia container" TEXT) },
		{ "FLV",
		    BYTES("FLV\1\1\0\0\0\x9\0\0\0\0\x9\0\0\2\0\0\0\0\0\0"
			  "\0\x12x\0\0\0\015" TEXT) },
		{ "Ogg",
		    BYTES("OggS\0\2\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
			  "\0\0\0\0\1\x5hello" TEXT) },
		{ "tags", BYTES(ID3 ID3 TEXT) },
	};

	(void)state;
	each_is(MEDIA_DAMAGED, rows, LENGTH(rows));
}

static void
test_frames(void **state)
{
	static const struct media_row whole[] = {
		{ "MP3", BYTES(MP3 MP3 MP3) },
		{ "tags", BYTES(ID3 ID3 MP3 MP3 MP3) },
		{ "half a frame in front", BYTES("34567890" MP3 MP3 MP3) },
		{ "silence in TTA", BYTES("TTA1" ZEROS_64 "    " ZEROS_64) },
		{ "zeros behind a frame", BYTES(MP3 MP3 MP3 ZEROS_320) },
		{ "zeros behind a packet",
		    BYTES(PACK PACKET("\4") PACKET("\4") ZEROS_320) },
	};
	static const struct media_row damaged[] = {
		{ "zeros in a frame",
		    BYTES(MP3 MP3 MP3 "\xff\xf3\x14\xc0x" ZEROS_320) },
		{ "zeros in a packet",
		    BYTES(PACK PACKET("\4") PACKET("\x20") ZEROS_320) },
	};
	static const struct media_row none[] = {
		{ "a header", BYTES(MP3) },
		{ "sizes that lead nowhere", BYTES(MP3 "1" MP3 "1" MP3 "1") },
	};

	(void)state;
	each_is(MEDIA_WHOLE, whole, LENGTH(whole));
	each_is(MEDIA_DAMAGED, damaged, LENGTH(damaged));
	each_is(MEDIA_NONE, none, LENGTH(none));
}

static void
test_no_media(void **state)
{
	static const struct media_row rows[] = {
		{ "nothing", BYTES("") },
		{ "text", BYTES("this is not video but text") },
		{ "four bytes", BYTES("\0\0\0\020") },
		{ "zeros", BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
		{ "half an EBML header", BYTES("\x1a\x45\xdf") },
		{ "a picture", BYTES("\xff\xd8\xff\xe0\0\020JFIF\0") },
		{ "a box of another kind", BYTES("\0\0\0\010abcd") },
	};

	(void)state;
	each_is(MEDIA_NONE, rows, LENGTH(rows));
}

static void
test_unreadable(void **state)
{
	autoclose int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	autoclose int shrunk = memfd_create("media", MFD_CLOEXEC);
	char why[8] = "";

	(void)state;
	assert_int_equal(media_check(fd, 100, why, sizeof(why)),
	    MEDIA_UNREADABLE);
	assert_int_equal(file_write_all(shrunk, FTYP MDAT, 28), 0);
	assert_int_equal(media_check(shrunk, 1000, why, sizeof(why)),
	    MEDIA_UNREADABLE);
}

/* A sparse file of terabytes, of boxes that lie far apart. */
static void
test_bounded(void **state)
{
	autoclose int fd = memfd_create("media", MFD_CLOEXEC);
	static const char box[] = "\0\0\0\1free\0\0\0\0\0\1\0\0";
	int64_t size = INT64_C(20000) * 65536;
	char why[64];

	(void)state;
	for (int64_t at = 0; at < size; at += 65536)
		assert_int_equal(pwrite(fd, box, 16, at), 16);
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(media_check(fd, size, why, sizeof(why)),
	    MEDIA_DAMAGED);
}

static void
test_reason_is_cut(void **state)
{
	autoclose int fd = memfd_create("media", MFD_CLOEXEC);
	char why[8] = "1234567";

	(void)state;
	assert_int_equal(media_check(fd, 0, why, 6), MEDIA_NONE);
	assert_int_equal(strlen(why), 5);
	assert_int_equal(why[6], '7');
}

static const struct CMUnitTest tests[] = {
	TEST("an MP4 with samples, or a fragment with some, is whole",
	    test_whole_mp4),
	TEST("an MP4 without samples is damaged", test_damaged_mp4),
	TEST("an MP4 is damaged wherever it is cut", test_every_cut),
	TEST("an MP4 is whole without what follows its tables",
	    test_cut_metadata),
	TEST("of thousands of fragments the last is looked at, too",
	    test_many_fragments),
	TEST("a Matroska file is whole with a block, and damaged when cut",
	    test_matroska),
	TEST("a text that begins as media do is damaged", test_pretenders),
	TEST("a stream of frames is whole wherever it begins and ends",
	    test_frames),
	TEST("a file with neither audio nor video is not media", test_no_media),
	TEST("what cannot be read is neither whole nor damaged",
	    test_unreadable),
	TEST("a few MiB are read of any file", test_bounded),
	TEST("the reason is cut to the room for it", test_reason_is_cut),
};

const struct unit_tests media_tests = { tests, LENGTH(tests) };

#include "cli/settings/settings_internal.h"

static const struct setting rows[] = {
	{ "metrics-file", TEXT(metrics_file), "", "FILE",
	    "file for Prometheus metrics",
	    "For the textfile collector of node_exporter, name it NAME.prom in "
	    "the collector's directory.  Only a sweep or watch of "
	    "recordings-dir writes it, after reading every journal.  "
	    "FILE.state beside it holds what the counters need.  Root writes "
	    "both files as the owner of their directory." },
	{ "metrics-push-url", TEXT(metrics_push_url), "", "URL",
	    "Pushgateway that receives the metrics",
	    "For pods that nothing scrapes: PUT to "
	    "URL/metrics/job/jibri-finalize/instance/HOST.  A failure only "
	    "causes a warning.  Without metrics-file, a counter falls when a "
	    "recording is removed." },
};

const struct setting_group settings_metrics = GROUP("metrics", rows);

#include "cli/manual/help.h"
#include "cli/report/report.h"

int
cmd_config(struct loaded *l, const struct options *o, struct err *e)
{
	if (o->given & OPTION_SAMPLE) {
		help_sample();
		return 0;
	}
	if (report_is_json())
		report_config_json(l);
	else
		report_config(l);
	return pipeline_check(&l->config.pipeline, e);
}

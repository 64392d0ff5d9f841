/* What the keys of a socket's `curve` mean together. */
#ifndef DAEMON_SETTINGS_CHECK_CURVE_H
#define DAEMON_SETTINGS_CHECK_CURVE_H

#include "daemon/settings/node.h"
#include "daemon/settings/settings.h"

/* `element` is the node of the input or output; `binds` and `connects`: whether it does. */
void check_curve(struct problems *problems, struct node *element,
		 const struct curve_settings *curve, bool binds, bool connects);

#endif

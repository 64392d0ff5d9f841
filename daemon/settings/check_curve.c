#include "daemon/settings/check_curve.h"

#include "daemon/base/certificate.h"

struct check {
	struct problems *problems;
	struct node *element;
	const struct curve_settings *settings;
	bool binds, connects;
};

static struct node *find(const struct check *check, const char *name)
{
	return node_find(check->element, name);
}

static bool is_given(const char *text)
{
	return text && *text;
}

/* The node of a key that is there, or else of the whole of `curve`. */
static struct node *culprit(const struct check *check, const char *name)
{
	struct node *node = find(check, name);

	if (!node)
		node = find(check, "curve");
	return node ? node : check->element;
}

static void check_server(const struct check *check)
{
	const struct curve_settings *curve = check->settings;

	if (check->binds && !is_given(curve->clients))
		node_problem(check->problems, culprit(check, "curve.clients"),
			     "has no clients: name a file or a directory of their certificates, or "
			     "\"any\" for everybody who knows the server's public key");
	if (!check->binds && is_given(curve->clients))
		node_problem(check->problems, culprit(check, "curve.clients"),
			     "only what \"bind\" names has clients");
}

static void check_client(const struct check *check)
{
	const struct curve_settings *curve = check->settings;
	bool key = is_given(curve->server_key), file = is_given(curve->server_key_file);

	if (key && !certificate_key_is_valid(curve->server_key, NULL))
		node_problem(check->problems, culprit(check, "curve.server_key"),
			     "is no public key: 40 characters of Z85");
	if (key && file)
		node_problem(check->problems, culprit(check, "curve.server_key_file"),
			     "has server_key beside it; one of them is enough");
	if (check->connects && !key && !file)
		node_problem(check->problems, culprit(check, "curve"),
			     "has no server_key or server_key_file, for what \"connect\" names");
	if (!check->connects && (key || file))
		node_problem(check->problems,
			     culprit(check, key ? "curve.server_key" : "curve.server_key_file"),
			     "only what \"connect\" names has a server's key");
}

void check_curve(struct problems *problems, struct node *element,
		 const struct curve_settings *curve, bool binds, bool connects)
{
	static const char *const keys[] = {"curve.secret_key_file", "curve.clients",
					   "curve.server_key", "curve.server_key_file"};
	const struct check check = {problems, element, curve, binds, connects};
	const struct node *group = element ? find(&check, "curve") : NULL;

	if (!group || group->kind != NODE_MAP)
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct node *node = find(&check, keys[i]);

		if (node && node->bad)
			return;
	}
	if (!curve_settings_are_on(curve)) {
		if (!is_given(curve->clients) && !is_given(curve->server_key) &&
		    !is_given(curve->server_key_file))
			return; /* the defaults, written out */
		node_problem(problems, culprit(&check, "curve.secret_key_file"),
			     "has no secret_key_file, made by: rollcast keygen");
		return;
	}
	check_server(&check);
	check_client(&check);
}

#include "daemon/watch/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/settings/value.h"
#include "daemon/watch/access.h"
#include "daemon/watch/api.h"
#include "daemon/watch/forecasts.h"
#include "daemon/watch/metrics.h"
#include "daemon/watch/page.h"
#include "daemon/watch/visitors.h"

enum {
	CONNECTION_TIMEOUT_S = 10,    /* without a byte */
	CONNECTION_BYTES = 32 * 1024, /* for the head of a request */
	BODY_MAX = 4096,	      /* no route takes one, but it may be sent along */
	ADDRESS_BYTES = 64,
};

struct http {
	struct http_plan plan;
	struct MHD_Daemon *server;
	struct visitors visitors;
	bool is_local;	      /* listens on loopback, whatever the settings say by now */
	pthread_mutex_t lock; /* of what follows */
	struct access access;
	char *forecasts; /* NULL: none */
	double start_seconds;
	atomic_bool ready;
};

struct request {
	struct http *http;
	struct MHD_Connection *connection;
};

struct route {
	const char *path, *type;
	const char *methods; /* as in an Allow header */
	/* Writes the body and returns the status. */
	unsigned (*answer)(const struct request *request, FILE *body);
};

/* ---- answers ---- */

/* The caller frees it. NULL: none. */
static char *copy_forecasts(struct http *http)
{
	pthread_mutex_lock(&http->lock);
	char *forecasts = http->forecasts ? strdup(http->forecasts) : NULL;

	pthread_mutex_unlock(&http->lock);
	return forecasts;
}

static unsigned answer_metrics(const struct request *request, FILE *body)
{
	struct http *http = request->http;
	CLEANUP(free) char *forecasts = copy_forecasts(http);
	struct metrics_gauges gauges = {
		.start_seconds = http->start_seconds,
		.training_queue = queue_count(http->plan.training),
		.out_blocks = queue_count(http->plan.out),
	};

	for (uint32_t i = 0; i < http->plan.shards; i++)
		gauges.inbox_letters += queue_count(&http->plan.inboxes[i]);
	metrics_write(body, http->plan.counters, &gauges);
	if (forecasts) {
		const struct askable askable = {http->plan.questions, http->plan.inboxes,
						http->plan.shards};

		forecasts_write(body, &askable, forecasts);
	}
	return MHD_HTTP_OK;
}

static bool is_healthy(const struct http *http)
{
	for (uint32_t i = 0; i < http->plan.heartbeat_count; i++)
		if (heartbeat_age_us(&http->plan.heartbeats[i]) > http->plan.stalled_us)
			return false;
	return true;
}

static bool is_ready(const struct http *http)
{
	return atomic_load_explicit(&http->ready, memory_order_relaxed);
}

static unsigned answer_healthy(const struct request *request, FILE *body)
{
	bool healthy = is_healthy(request->http);

	fputs(healthy ? "healthy\n" : "a thread hangs\n", body);
	return healthy ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static unsigned answer_ready(const struct request *request, FILE *body)
{
	bool ready = is_ready(request->http);

	fputs(ready ? "ready\n" : "not ready\n", body);
	return ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static const char *argument(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

static unsigned answer_status(const struct request *request, FILE *body)
{
	const struct api_server server = {
		.start_seconds = request->http->start_seconds,
		.ready = is_ready(request->http),
		.healthy = is_healthy(request->http),
	};

	return api_status(&request->http->plan, &server, body);
}

static unsigned answer_streams(const struct request *request, FILE *body)
{
	const struct api_query query = {
		.match = argument(request, "match"),
		.search = argument(request, "search"),
		.sort = argument(request, "sort"),
		.limit = argument(request, "limit"),
		.offset = argument(request, "offset"),
	};

	return api_streams(&request->http->plan, &query, body);
}

static unsigned answer_forecast(const struct request *request, FILE *body)
{
	const struct api_query query = {
		.stream = argument(request, "stream"),
		.history = argument(request, "history"),
	};

	return api_forecast(&request->http->plan, &query, body);
}

static unsigned answer_trainings(const struct request *request, FILE *body)
{
	return api_trainings(&request->http->plan, body);
}

static unsigned answer_reload(const struct request *request, FILE *body)
{
	static const unsigned statuses[] = {
		[HTTP_RELOAD_DONE] = MHD_HTTP_OK,
		[HTTP_RELOAD_REFUSED] = MHD_HTTP_BAD_REQUEST,
		[HTTP_RELOAD_FAILED] = MHD_HTTP_INTERNAL_SERVER_ERROR,
	};
	const struct http_plan *plan = &request->http->plan;

	return statuses[plan->reload(plan->context, body)];
}

static unsigned answer_html(const struct request *request, FILE *body)
{
	(void)request;
	page_write_html(body);
	return MHD_HTTP_OK;
}

static unsigned answer_css(const struct request *request, FILE *body)
{
	(void)request;
	page_write_css(body);
	return MHD_HTTP_OK;
}

static unsigned answer_js(const struct request *request, FILE *body)
{
	(void)request;
	page_write_js(body);
	return MHD_HTTP_OK;
}

static unsigned answer_dygraph(const struct request *request, FILE *body)
{
	(void)request;
	page_write_dygraph(body);
	return MHD_HTTP_OK;
}

static const char plain[] = "text/plain; charset=utf-8";
static const char json[] = "application/json";
static const char javascript[] = "text/javascript; charset=utf-8";

static const char get[] = "GET, HEAD";

static const struct route routes[] = {
	{"/", "text/html; charset=utf-8", get, answer_html},
	{"/page.css", "text/css; charset=utf-8", get, answer_css},
	{"/page.js", javascript, get, answer_js},
	{"/dygraph.js", javascript, get, answer_dygraph},
	{"/metrics", "text/plain; version=0.0.4; charset=utf-8", get, answer_metrics},
	{"/-/healthy", plain, get, answer_healthy},
	{"/-/ready", plain, get, answer_ready},
	{"/-/reload", plain, "POST", answer_reload},
	{"/api/status", json, get, answer_status},
	{"/api/streams", json, get, answer_streams},
	{"/api/forecast", json, get, answer_forecast},
	{"/api/trainings", json, get, answer_trainings},
};

/* ---- requests ---- */

/* Of every answer. The page loads nothing from elsewhere, and stands in no other. */
static const struct {
	const char *name, *value;
} headers[] = {
	{"Cache-Control", "no-store"},
	{"Content-Security-Policy",
	 "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
	 "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
};

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *type,
			     char *body, size_t size, enum MHD_ResponseMemoryMode mode,
			     const char *allow)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(size, body, mode);

	if (!response) {
		if (mode == MHD_RESPMEM_MUST_FREE)
			free(body);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		MHD_add_response_header(response, headers[i].name, headers[i].value);
	if (allow)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
	if (status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	enum MHD_Result r = MHD_queue_response(connection, status, response);

	MHD_destroy_response(response);
	return r;
}

static enum MHD_Result reply_text(struct MHD_Connection *connection, unsigned status,
				  const char *text, const char *allow)
{
	return reply(connection, status, plain, (char *)text, strlen(text), MHD_RESPMEM_PERSISTENT,
		     allow);
}

static struct visitor *visitor_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

static enum MHD_Result reply_route(struct http *http, struct MHD_Connection *connection,
				   const struct route *route)
{
	char *body = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&body, &size);

	if (!stream)
		return MHD_NO;
	const struct request request = {http, connection};
	unsigned status = route->answer(&request, stream);

	if (fclose(stream) != 0) {
		free(body);
		return MHD_NO;
	}
	visitors_asked(visitor_of(connection), clock_monotonic_us()); /* it may have taken long */
	return reply(connection, status, route->type, body, size, MHD_RESPMEM_MUST_FREE, NULL);
}

static bool takes(const struct route *route, const char *method)
{
	if (route->methods == get)
		return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	return strcmp(method, route->methods) == 0;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* What the head of a request alone tells. 0, or the status to refuse with. */
static unsigned check_head(struct http *http, struct MHD_Connection *connection, const char *method,
			   const char **ret_why)
{
	const struct access_request request = {
		.method = method,
		.host = header(connection, MHD_HTTP_HEADER_HOST),
		.origin = header(connection, "Origin"),
		.fetch_site = header(connection, "Sec-Fetch-Site"),
		.authorization = header(connection, MHD_HTTP_HEADER_AUTHORIZATION),
	};
	const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);

	if ((length && strtoull(length, NULL, 10) > BODY_MAX) ||
	    header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING)) {
		*ret_why = "no route takes a body\n";
		return MHD_HTTP_CONTENT_TOO_LARGE;
	}
	pthread_mutex_lock(&http->lock);
	unsigned status = access_check(&http->access, &request, ret_why);

	pthread_mutex_unlock(&http->lock);
	return status;
}

/* Of the connection, from its visitor's first moment to its last. */
static void note_visitor(void *context, struct MHD_Connection *connection, void **visitor,
			 enum MHD_ConnectionNotificationCode what)
{
	struct http *http = context;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		visitors_bye(&http->visitors, *visitor);
		return;
	}
	*visitor = visitors_hello(
		&http->visitors,
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
		clock_monotonic_us());
}

static void note_answered(void *context, struct MHD_Connection *connection, void **request,
			  enum MHD_RequestTerminationCode how)
{
	(void)context;
	(void)request;
	(void)how;
	visitors_answered(visitor_of(connection), clock_monotonic_us());
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **request)
{
	struct http *http = context;
	static char first_call;
	const char *why;
	unsigned status;

	(void)version;
	(void)upload;
	if (!*request) { /* only the head has been read so far */
		*request = &first_call;
		visitors_asked(visitor_of(connection), clock_monotonic_us());
		status = check_head(http, connection, method, &why);
		return status ? reply_text(connection, status, why, NULL) : MHD_YES;
	}
	if (*upload_size) { /* no route takes a body: read it away */
		*upload_size = 0;
		return MHD_YES;
	}
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		if (strcmp(path, routes[i].path) != 0)
			continue;
		if (!takes(&routes[i], method))
			return reply_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
					  "not with this method\n", routes[i].methods);
		return reply_route(http, connection, &routes[i]);
	}
	return reply_text(connection, MHD_HTTP_NOT_FOUND, "no such page\n", NULL);
}

/* ---- life ---- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* ADDRESS:PORT or [ADDRESS]:PORT, numbers only; the settings have checked it. */
static int read_address(const char *text, union address *ret_address)
{
	char host[ADDRESS_BYTES];
	const char *colon = strrchr(text, ':');
	bool brackets = text[0] == '[';

	if (!colon || colon - text < 2 * brackets + 1 || colon - text >= ADDRESS_BYTES)
		return -EINVAL;
	size_t length = (size_t)(colon - text) - 2 * brackets;

	memcpy(host, text + brackets, length);
	host[length] = '\0';
	*ret_address = (union address){0};
	in_port_t port = htons((uint16_t)strtoul(colon + 1, NULL, 10));

	if (inet_pton(AF_INET, host, &ret_address->v4.sin_addr) == 1) {
		ret_address->v4.sin_family = AF_INET;
		ret_address->v4.sin_port = port;
		return 0;
	}
	if (inet_pton(AF_INET6, host, &ret_address->v6.sin6_addr) == 1) {
		ret_address->v6.sin6_family = AF_INET6;
		ret_address->v6.sin6_port = port;
		return 0;
	}
	return -EINVAL;
}

int http_create(const struct http_plan *plan, struct http **ret_http)
{
	CLEANUP(http_destroy) struct http *http = calloc(1, sizeof(*http));
	union address address;

	if (!http)
		return -ENOMEM;
	int r = read_address(plan->listen, &address);

	pthread_mutex_init(&http->lock, NULL);
	http->is_local = value_listen_is_local(plan->listen);
	if (r == 0)
		r = http_set_access(http, plan->settings);
	if (r < 0)
		return r;
	http->plan = *plan;
	http->plan.settings = NULL;
	http_set_forecasts(http, plan->forecasts);
	http->start_seconds = (double)clock_wall_us() / 1e6;
	/* Not select: it takes no descriptors above 1023, and peers of other sockets may have those. */
	unsigned flags = MHD_USE_AUTO_INTERNAL_THREAD;

	if (address.any.sa_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	http->server = MHD_start_daemon(
		flags, 0, NULL, NULL, handle, http, MHD_OPTION_SOCK_ADDR, &address.any,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)VISITORS_MAX, MHD_OPTION_NOTIFY_CONNECTION,
		note_visitor, http, MHD_OPTION_NOTIFY_COMPLETED, note_answered, NULL,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_END);
	if (!http->server) {
		r = errno ? -errno : -EIO;
		log_line(LOG_ERR, "http: cannot listen on %s: %s", plan->listen, strerror(-r));
		return r;
	}
	*ret_http = STEAL(http);
	return 0;
}

int http_set_access(struct http *http, const struct http_settings *settings)
{
	struct access before, access;

	if (!http)
		return 0;
	int r = access_init(&access, settings, http->is_local);

	if (r == 0)
		r = access_try_token(&access);
	if (r < 0) {
		access_finish(&access);
		return r;
	}
	pthread_mutex_lock(&http->lock);
	before = http->access;
	http->access = access;
	pthread_mutex_unlock(&http->lock);
	access_finish(&before);
	return 0;
}

void http_set_ready(struct http *http, bool ready)
{
	if (http)
		atomic_store_explicit(&http->ready, ready, memory_order_relaxed);
}

void http_set_forecasts(struct http *http, const char *forecasts)
{
	char *text = forecasts ? strdup(forecasts) : NULL, *before;

	if (!http) {
		free(text);
		return;
	}
	pthread_mutex_lock(&http->lock);
	before = http->forecasts;
	http->forecasts = text;
	pthread_mutex_unlock(&http->lock);
	free(before);
}

void http_destroy(struct http *http)
{
	if (!http)
		return;
	if (http->server)
		MHD_stop_daemon(http->server);
	access_finish(&http->access);
	free(http->forecasts);
	pthread_mutex_destroy(&http->lock);
	free(http);
}

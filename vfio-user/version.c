// SPDX-License-Identifier: GPL-2.0-only
/*
 * The version message, which begins a session: it attaches the client to the
 * device.
 */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "server.h"

/* Enough for what the specification has, and for what a peer may add. */
#define VU_VERSION_DATA_MAX	65536
#define VU_VERSION_DATA_DEPTH	8

/* What a client may receive in one message if it does not say. */
#define VU_DEFAULT_FDS		1

/**
 * struct vu_capability - a capability that both sides may name
 * @name: its key
 * @type: of its value
 * @value: ours
 */
struct vu_capability {
	const char *name;
	enum json_type type;
	__u32 value;
};

static const struct vu_capability vu_capabilities[] = {
	{ "max_msg_fds", json_type_int, VU_MAX_FDS },
	{ "max_data_xfer_size", json_type_int, VU_MAX_TRANSFER },
	{ "max_dma_maps", json_type_int, VU_MAX_DMA_MAPS },
	{ "pgsizes", json_type_int, VU_PAGE_SIZE },
	{ "write_multiple", json_type_boolean, true },
};

static struct json_object *vu_capability_ours(const struct vu_capability *capability)
{
	if (capability->type == json_type_boolean)
		return json_object_new_boolean(capability->value);
	return json_object_new_int64(capability->value);
}

/* The reply names what the client has named. */
static int vu_capabilities_answer(struct json_object *theirs, struct json_object *ours)
{
	struct json_object *value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vu_capabilities); i++) {
		const struct vu_capability *capability = &vu_capabilities[i];

		if (!json_object_object_get_ex(theirs, capability->name, &value))
			continue;
		if (!json_object_is_type(value, capability->type) ||
		    json_object_get_int64(value) < 0)
			return -EINVAL;
		value = vu_capability_ours(capability);
		if (!value)
			return -ENOMEM;
		if (json_object_object_add(ours, capability->name, value)) {
			json_object_put(value);
			return -ENOMEM;
		}
	}
	return 0;
}

static unsigned int vu_client_fds(struct json_object *theirs)
{
	struct json_object *value;

	if (!json_object_object_get_ex(theirs, "max_msg_fds", &value))
		return VU_DEFAULT_FDS;
	return min(json_object_get_int64(value), (__s64)VU_MAX_FDS);
}

/* 0 is refused: there would be no DMA. */
static __u32 vu_client_transfer(struct json_object *theirs)
{
	struct json_object *value;

	if (!json_object_object_get_ex(theirs, "max_data_xfer_size", &value))
		return VU_MAX_TRANSFER;
	return min(json_object_get_int64(value), (__s64)VU_MAX_TRANSFER);
}

/* Puts the reply's version data behind the reply's version. */
static int vu_version_reply(struct vu_request *request, struct json_object *ours)
{
	struct json_object *data = json_object_new_object();
	const char *text;
	int ret = -ENOMEM;

	if (!data)
		return ret;
	if (json_object_object_add(data, "capabilities", json_object_get(ours))) {
		json_object_put(ours);
		goto out;
	}
	text = json_object_to_json_string_ext(data, JSON_C_TO_STRING_PLAIN);
	if (text) {
		size_t size = strlen(text) + 1;

		memcpy((char *)request->reply + request->reply_size, text, size);
		request->reply_size += size;
		ret = 0;
	}
out:
	json_object_put(data);
	return ret;
}

static int vu_version_negotiate(struct vu_request *request, struct json_object *data)
{
	struct json_object *theirs = NULL, *ours, *none = NULL;
	int ret = -ENOMEM;

	if (!json_object_is_type(data, json_type_object))
		return -EINVAL;
	if (json_object_object_get_ex(data, "capabilities", &theirs) &&
	    !json_object_is_type(theirs, json_type_object))
		return -EINVAL;
	if (!theirs)
		theirs = none = json_object_new_object();

	ours = json_object_new_object();
	if (theirs && ours)
		ret = vu_capabilities_answer(theirs, ours);
	if (!ret)
		ret = vu_version_reply(request, ours);
	if (!ret) {
		request->session->client_fds = vu_client_fds(theirs);
		request->session->client_transfer = vu_client_transfer(theirs);
	}
	if (!ret && !request->session->client_transfer)
		ret = -EINVAL;
	json_object_put(ours);
	json_object_put(none);
	return ret;
}

/* @text ends with its only NUL. */
static struct json_object *vu_json_parse(const char *text, size_t size)
{
	struct json_tokener *tokener = json_tokener_new_ex(VU_VERSION_DATA_DEPTH);
	struct json_object *data = NULL;

	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	data = json_tokener_parse_ex(tokener, text, size);
	if (json_tokener_get_error(tokener) != json_tokener_success) {
		json_object_put(data);
		data = NULL;
	}
	json_tokener_free(tokener);
	return data;
}

static int vu_version_data(struct vu_request *request, const char *text, size_t size)
{
	struct json_object *data;
	int ret;

	if (size > VU_VERSION_DATA_MAX || strnlen(text, size) != size - 1)
		return -EINVAL;
	data = vu_json_parse(text, size);
	if (!data)
		return -EINVAL;
	ret = vu_version_negotiate(request, data);
	json_object_put(data);
	return ret;
}

/**
 * vu_version() - VERSION
 * @request: the first one of a session
 *
 * Return: 0, -EINVAL for another version or data that makes no sense, -EBUSY
 * where another client has the device, -ENOMEM or another errno without
 * resources.
 */
int vu_version(struct vu_request *request)
{
	struct vu_session *session = request->session;
	struct vu_version version;
	size_t size = request->size - sizeof(version);
	int ret;

	memcpy(&version, request->payload, sizeof(version));
	if (version.major != VU_MAJOR)
		return -EINVAL;

	version.minor = min(version.minor, (__u16)VU_MINOR);
	memcpy(request->reply, &version, sizeof(version));
	request->reply_size = sizeof(version);

	session->client_fds = VU_DEFAULT_FDS;
	session->client_transfer = VU_MAX_TRANSFER;
	if (size) {
		ret = vu_version_data(request, (const char *)request->payload + sizeof(version),
				      size);
		if (ret)
			return ret;
	}

	ret = vu_device_attach(session->device, session->fd, &session->gpu);
	if (ret) {
		vu_warn("%s: a client is turned away: %s", session->device->name, strerror(-ret));
		return ret;
	}
	vu_dma_open(&session->gpu->dma, session);
	vu_engine_open(&session->gpu->engine, session->limits);
	return 0;
}

// SPDX-License-Identifier: MIT
/*
 * From the name of a device to its node.
 *
 * /sys/class/hpdma/hpdmaN/device is a symbolic link to the PCI function.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "find.h"
#include "util.h"

#define CLASS_DIR "/sys/class/hpdma"
#define PCI_DIR "/sys/bus/pci/devices"
#define LINK_MAX_BYTES 512

/* Reads up to @digits hexadecimal digits; returns what follows, or NULL. */
static const char *hex(const char *text, int digits, uint32_t *out)
{
	static const char all[] = "0123456789abcdef";
	uint32_t value = 0;
	const char *digit;
	int i;

	for (i = 0; i < digits && text[i]; i++) {
		digit = strchr(all, text[i] >= 'A' && text[i] <= 'F' ?
					    text[i] - 'A' + 'a' :
					    text[i]);
		if (!digit)
			break;
		value = value << 4 | (uint32_t)(digit - all);
	}
	*out = value;
	return i ? text + i : NULL;
}

bool hpdma_pci_parse(const char *text, struct hpdma_pci *out)
{
	uint32_t field[3] = { 0 }, slot, function;
	const char *at = text;
	int colons = 0;

	/* One to two fields end with a colon: [domain:]bus:device.function */
	for (;;) {
		at = hex(at, 8, &field[colons]);
		if (!at || *at != ':')
			break;
		if (++colons > 2)
			return false;
		at++;
	}
	if (!at || *at != '.' || !colons)
		return false;
	slot = field[colons];
	at = hex(at + 1, 1, &function);
	if (!at || *at || slot > 31 || function > 7)
		return false;
	if (field[colons - 1] > 255)
		return false;

	out->domain = colons == 2 ? field[0] : 0;
	out->bus = field[colons - 1];
	out->devfn = slot << 3 | function;
	return true;
}

struct search {
	const struct hpdma_sys *sys;
	struct hpdma_pci wanted;
	char *path;
	size_t size;
};

/* Nodes come and go while we look: one that cannot be read is not ours. */
static int match(const char *name, void *arg)
{
	char link[sizeof(CLASS_DIR) + 300], target[LINK_MAX_BYTES];
	struct search *search = arg;
	struct hpdma_pci here;
	const char *base;
	int length;

	length = snprintf(link, sizeof(link), CLASS_DIR "/%s/device", name);
	if ((size_t)length >= sizeof(link))
		return 0;
	if (search->sys->readlink(link, target, sizeof(target)))
		return 0;
	base = strrchr(target, '/');
	if (!hpdma_pci_parse(base ? base + 1 : target, &here))
		return 0;
	if (here.domain != search->wanted.domain ||
	    here.bus != search->wanted.bus ||
	    here.devfn != search->wanted.devfn)
		return 0;

	length = snprintf(search->path, search->size, "/dev/%s", name);
	return (size_t)length < search->size ? 1 : -ENAMETOOLONG;
}

static int find_pci(const struct hpdma_sys *sys, const struct hpdma_pci *pci,
		    char *path, size_t size, struct hpdma_error *error)
{
	struct search search = { sys, *pci, path, size };
	char link[sizeof(PCI_DIR) + 32], target[LINK_MAX_BYTES];
	int ret;

	ret = sys->list(CLASS_DIR, match, &search);
	if (ret > 0)
		return 0;
	if (ret && ret != -ENOENT)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE,
				  "look for the device in sysfs");

	snprintf(link, sizeof(link), PCI_DIR "/%04x:%02x:%02x.%u", pci->domain,
		 pci->bus, pci->devfn >> 3, pci->devfn & 7);
	if (sys->readlink(link, target, sizeof(target)))
		return hpdma_fail(error, -ENOENT, HPDMA_WHY_NONE,
				  "look for the PCI function");
	return hpdma_fail(error, -ENODEV, HPDMA_WHY_NOT_BOUND,
			  "look for the node of the PCI function");
}

static bool is_node_name(const char *name)
{
	static const char stem[] = "hpdma";
	const char *digits = name + sizeof(stem) - 1;

	return !strncmp(name, stem, sizeof(stem) - 1) && *digits &&
	       !digits[strspn(digits, "0123456789")];
}

int hpdma_find_node(const struct hpdma_sys *sys, const char *name, char *path,
		    size_t size, struct hpdma_error *error)
{
	struct hpdma_pci pci;
	int length;

	if (hpdma_pci_parse(name, &pci))
		return find_pci(sys, &pci, path, size, error);
	if (*name != '/' && !is_node_name(name))
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
				  "read the name of the device");

	length =
		snprintf(path, size, "%s%s", *name == '/' ? "" : "/dev/", name);
	if ((size_t)length >= size)
		return hpdma_fail(error, -ENAMETOOLONG, HPDMA_WHY_NONE,
				  "read the name of the device");
	return 0;
}

// SPDX-License-Identifier: MIT
/*
 * bind and unbind: move a PCI function between hpdma and the kernel's drivers.
 *
 * bind names hpdma in driver_override, so that no other driver takes the
 * function in between or after a hotplug, and puts everything back if it
 * fails. It asks hpdma by name (drivers/hpdma/bind) and not through
 * drivers_probe, because only that way the errno of the probe comes back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "device.h"
#include "holders.h"
#include "pci.h"
#include "say.h"
#include "sys.h"
#include "use.h"

struct arguments {
	char address[PCI_ADDRESS_MAX];
	bool force;
	bool no_probe;
};

static int parse_arguments(const char *command, int argc, char **argv,
			   struct arguments *args)
{
	memset(args, 0, sizeof(*args));
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--force"))
			args->force = true;
		else if (!strcmp(argv[i], "--no-probe") &&
			 !strcmp(command, "unbind"))
			args->no_probe = true;
		else if (argv[i][0] == '-')
			return bad_usage("%s has no option %s", command,
					 argv[i]);
		else if (args->address[0])
			return bad_usage("%s takes one PCI address", command);
		else if (pci_parse_address(argv[i], args->address))
			return bad_usage(
				"%s is not a PCI address like 0000:03:00.0",
				argv[i]);
	}
	if (!args->address[0])
		return bad_usage("%s needs a PCI address", command);
	return EXIT_OK;
}

/* A write to sysfs failed: the reasons that do not depend on which. */
static void explain_write(int err, const char *command, const char *address)
{
	because("%s", strerror(-err));
	if (err == -EACCES || err == -EPERM)
		fix("sudo hpdmactl %s %s", command, address);
	else
		fix("dmesg | tail");
}

static int find_function(const char *address, struct pci_function *pci)
{
	if (!pci_read(address, pci))
		return EXIT_OK;
	failed("there is no PCI function %s", address);
	pci_say_candidates(address);
	fix("lspci -D  # or, if it was removed: echo 1 > /sys/bus/pci/rescan");
	return EXIT_FAILED;
}

/* Whether it may be taken from whoever has it */
static int check_free(const struct pci_function *pci, bool force)
{
	const char *address = pci->address;

	if (pci_is_bridge(pci)) {
		failed("%s is a bridge: what is behind it would be lost",
		       address);
		pci_say_candidates(address);
		fix("hpdmactl bind PCI_ADDRESS  # of a function that is no bridge");
		return EXIT_FAILED;
	}
	if (!pci->driver[0])
		return EXIT_OK;
	if (use_say(pci)) {
		failed("%s is in use: nothing was changed", address);
		note("not even --force takes it; end each use first, as above");
		return EXIT_FAILED;
	}
	if (!force) {
		failed("%s belongs to the driver %s", address, pci->driver);
		because("taking it away stops whatever it does there");
		fix("hpdmactl bind %s --force", address);
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

/* devtmpfs makes the node in probe(), but udev may still rename or chmod. */
static bool wait_for_node(const char *node)
{
	enum { TRIES = 40, EACH_MS = 50 };
	struct timespec delay = { .tv_nsec = EACH_MS * 1000000L };

	for (int i = 0; i < TRIES; i++) {
		if (sys_exists(sys_path("%s", node)))
			return true;
		nanosleep(&delay, NULL);
	}
	return false;
}

static void print_bound(const struct device *device)
{
	printf("%s\n", device->node);
	printf("  device      %s [%04x:%04x]\n", device->pci.address,
	       device->pci.vendor, device->pci.device);
	if (device->pci.node >= 0)
		printf("  node        %d\n", device->pci.node);
	device_print_protection(device);
	pci_say_group_members(&device->pci);
	device_say_needs(device);
}

static int show_bound(const char *address)
{
	struct device device;

	if (device_find(address, &device)) {
		failed("%s is bound, but the module shows no device for it",
		       address);
		because("hpdmactl " HPDMA_VERSION " does not match the module");
		fix("hpdmactl unload && hpdmactl load");
		return EXIT_FAILED;
	}
	if (!wait_for_node(device.node)) {
		failed("%s is bound, but %s does not appear", address,
		       device.node);
		because("devtmpfs is not mounted, or udev has not run");
		fix("mount -t devtmpfs devtmpfs /dev; udevadm settle");
		return EXIT_FAILED;
	}
	print_bound(&device);
	return EXIT_OK;
}

/* Back to where it was; what fails here cannot be helped, only said. */
static void roll_back(const struct pci_function *before)
{
	if (pci_set_driver_override(before->address, before->driver_override))
		fix("echo > /sys/bus/pci/devices/%s/driver_override",
		    before->address);
	if (before->driver[0] && pci_probe(before->address))
		fix("echo %s > /sys/bus/pci/drivers/%s/bind", before->address,
		    before->driver);
}

int cmd_bind(int argc, char **argv)
{
	struct arguments args;
	struct pci_function pci;
	int ret;

	ret = parse_arguments("bind", argc, argv, &args);
	if (ret)
		return ret;
	ret = find_function(args.address, &pci);
	if (ret)
		return ret;
	if (!strcmp(pci.driver, DRIVER_NAME))
		return show_bound(pci.address);
	ret = check_free(&pci, args.force);
	if (ret)
		return ret;
	if (!sys_exists(sys_path("/sys/bus/pci/drivers/" DRIVER_NAME))) {
		failed("cannot bind %s: the hpdma module is not loaded",
		       pci.address);
		fix("hpdmactl load");
		return EXIT_FAILED;
	}

	ret = pci_set_driver_override(pci.address, DRIVER_NAME);
	if (ret) {
		failed("cannot set driver_override of %s", pci.address);
		explain_write(ret, "bind", pci.address);
		return EXIT_FAILED;
	}
	if (pci.driver[0]) {
		ret = pci_unbind_from(pci.address, pci.driver);
		if (ret) {
			failed("cannot take %s from the driver %s", pci.address,
			       pci.driver);
			explain_write(ret, "bind", pci.address);
			goto err_roll_back;
		}
	}
	ret = pci_bind_to(pci.address, DRIVER_NAME);
	if (ret) {
		failed("hpdma does not take %s; all is as before", pci.address);
		explain_write(ret, "bind", pci.address);
		goto err_roll_back;
	}
	return show_bound(pci.address);

err_roll_back:
	roll_back(&pci);
	return EXIT_FAILED;
}

static int check_unheld(const char *address, bool force)
{
	struct device device;

	if (force || device_find(address, &device))
		return EXIT_OK;
	/* Files opened by processes we may not look into count as well. */
	if (!holders_say(device.node) && device.holders <= 0)
		return EXIT_OK;
	failed("%s is in use", device.node);
	because("unbinding fails every later call of its holders with ENODEV");
	fix("hpdmactl unbind %s --force", address);
	return EXIT_FAILED;
}

int cmd_unbind(int argc, char **argv)
{
	struct arguments args;
	struct pci_function pci;
	bool bound;
	int ret;

	ret = parse_arguments("unbind", argc, argv, &args);
	if (ret)
		return ret;
	ret = find_function(args.address, &pci);
	if (ret)
		return ret;
	bound = !strcmp(pci.driver, DRIVER_NAME);
	if (!bound && strcmp(pci.driver_override, DRIVER_NAME)) {
		failed("%s is not bound to hpdma but to %s", pci.address,
		       pci.driver[0] ? pci.driver : "no driver");
		fix("hpdmactl status");
		return EXIT_FAILED;
	}

	if (bound) {
		ret = check_unheld(pci.address, args.force);
		if (ret)
			return ret;
		ret = pci_unbind_from(pci.address, DRIVER_NAME);
		if (ret) {
			failed("cannot unbind %s", pci.address);
			explain_write(ret, "unbind", pci.address);
			return EXIT_FAILED;
		}
	}
	ret = pci_set_driver_override(pci.address, "");
	if (ret) {
		failed("cannot clear driver_override of %s", pci.address);
		explain_write(ret, "unbind", pci.address);
		return EXIT_FAILED;
	}
	/* No driver wanting it is no failure: many devices have none. */
	if (!args.no_probe)
		pci_probe(pci.address);

	pci_read(args.address, &pci);
	printf("%s: %s%s\n", args.address,
	       pci.driver[0] ? "driver " : "no driver", pci.driver);
	return EXIT_OK;
}

// SPDX-License-Identifier: MIT
/*
 * load and unload: the module itself.
 *
 * Both say "it is so already" and succeed if there is nothing to do, except
 * where load was asked for parameters that the loaded module does not have.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <libkmod.h>

#include "buffers.h"
#include "cmd.h"
#include "device.h"
#include "holders.h"
#include "load_errors.h"
#include "parameters.h"
#include "say.h"
#include "sys.h"

/* libkmod prints by itself; here every failure is explained instead. */
static void ignore_log(void *data, int priority, const char *file, int line,
		       const char *fn, const char *format, va_list args)
{
	(void)data;
	(void)priority;
	(void)file;
	(void)line;
	(void)fn;
	(void)format;
	(void)args;
}

static struct kmod_ctx *open_kmod(void)
{
	struct sys_path config = sys_path("/etc/modprobe.d");
	const char *configs[] = { config.text, NULL };
	struct kmod_ctx *ctx;
	struct utsname system;

	uname(&system);
	/* The defaults, unless a test puts another root in their place */
	if (sys_root()[0])
		ctx = kmod_new(sys_path("/lib/modules/%s", system.release).text,
			       configs);
	else
		ctx = kmod_new(NULL, NULL);
	if (ctx)
		kmod_set_log_fn(ctx, ignore_log, NULL);
	return ctx;
}

/* 0, -ENOENT or another -errno */
static int find_module(struct kmod_ctx *ctx, const char *path,
		       struct kmod_module **mod)
{
	struct kmod_list *list = NULL;
	int ret;

	if (path)
		return kmod_module_new_from_path(ctx, path, mod);
	ret = kmod_module_new_from_lookup(ctx, MODULE_NAME, &list);
	if (ret < 0)
		return ret;
	if (!list)
		return -ENOENT;
	*mod = kmod_module_get_module(list);
	kmod_module_unref_list(list);
	return 0;
}

static void join(char *out, size_t size, int argc, char **argv)
{
	size_t n = 0;

	out[0] = '\0';
	for (int i = 0; i < argc && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i ? " " : "",
				      argv[i]);
}

static void print_loaded(const char *how)
{
	char version[SYS_TEXT_MAX];

	sys_read(sys_path("/sys/module/" MODULE_NAME "/version"), version,
		 sizeof(version));
	printf("hpdma %s %s, parameters: ", version, how);
	parameters_print();
}

static int report_loaded_before(int argc, char **argv, const char *options)
{
	print_loaded("is loaded already");
	if (parameters_are_set(argc, argv))
		return EXIT_OK;
	failed("the loaded module has other parameters");
	fix("hpdmactl unload && hpdmactl load %s", options);
	return EXIT_FAILED;
}

static int insert(struct kmod_module *mod, const char *path,
		  const char *options)
{
	/* The module tree knows what a module depends on; a file does not. */
	if (path)
		return kmod_module_insert_module(mod, 0, options);
	return kmod_module_probe_insert_module(mod, KMOD_PROBE_FAIL_ON_LOADED,
					       options, NULL, NULL, NULL);
}

static int load(struct kmod_ctx *ctx, const char *path, int argc, char **argv)
{
	struct kmod_module *mod = NULL;
	char options[SYS_PATH_MAX];
	int ret;

	join(options, sizeof(options), argc, argv);
	if (module_is_loaded())
		return report_loaded_before(argc, argv, options);

	ret = find_module(ctx, path, &mod);
	if (ret) {
		failed("cannot load hpdma");
		if (path)
			load_explain(ret, NULL, path);
		else
			load_explain_not_found();
		return EXIT_FAILED;
	}
	ret = parameters_check(mod, argc, argv);
	if (ret)
		goto out_unref;

	ret = insert(mod, path, options);
	if (ret == -EEXIST) {
		ret = report_loaded_before(argc, argv, options);
	} else if (ret) {
		failed("cannot load hpdma");
		load_explain(ret, mod, path);
		ret = EXIT_FAILED;
	} else {
		print_loaded("loaded");
	}
out_unref:
	kmod_module_unref(mod);
	return ret;
}

int cmd_load(int argc, char **argv)
{
	const char *path = NULL;
	struct kmod_ctx *ctx;
	int ret;

	if (argc && !strcmp(argv[0], "--path")) {
		if (argc < 2)
			return bad_usage("--path needs a file");
		path = argv[1];
		argc -= 2;
		argv += 2;
	}
	for (int i = 0; i < argc; i++) {
		if (argv[i][0] == '-' || !strchr(argv[i], '='))
			return bad_usage("%s is not PARAMETER=VALUE", argv[i]);
	}
	ctx = open_kmod();
	if (!ctx)
		return failed("cannot set libkmod up: out of memory");
	ret = load(ctx, path, argc, argv);
	kmod_unref(ctx);
	return ret;
}

/* Devices are no holders, but the admin may have meant to keep them. */
static void say_bound(void)
{
	struct sys_list list = sys_list(sys_path("/sys/class/hpdma"));
	struct device device;

	for (int i = 0; i < list.count; i++) {
		if (!device_read(list.entries[i]->d_name, &device))
			note("bound: %s %s", device.node, device.pci.address);
	}
	sys_free_list(&list);
}

/* Told to root only, as all of debugfs */
static int say_quarantine(void)
{
	FILE *stats = fopen(sys_path(STATS).text, "re");
	unsigned long long bytes = 0;
	char line[SYS_TEXT_MAX];

	while (stats && fgets(line, sizeof(line), stats)) {
		if (sscanf(line, "quarantined %llu", &bytes) == 1)
			break;
	}
	if (stats)
		fclose(stats);
	if (!bytes)
		return 0;
	because("%llu KiB are in quarantine: a device that did not stop may still write there",
		bytes >> 10);
	fix("reboot");
	return 1;
}

static void explain_unload(int err)
{
	switch (err) {
	case -EBUSY:
	case -EAGAIN: /* EWOULDBLOCK: the module's users are counted */
		/* Both, for each of them is in the way. */
		if (!(holders_say_all() + buffers_say_kept() +
		      say_quarantine())) {
			because("something that is not seen here holds it: a process of another user, or a mapping of a buffer whose descriptor is closed");
			fix("sudo hpdmactl unload  # sees every process");
			fix("grep -s dmabuf: /proc/[0-9]*/maps");
		}
		say_bound();
		break;
	case -EPERM:
	case -EACCES:
		because("removing a module needs CAP_SYS_MODULE");
		fix("sudo hpdmactl unload");
		break;
	default:
		because("%s", strerror(-err));
		fix("dmesg | grep hpdma");
	}
}

/*
 * Functions keep driver_override: load brings their bindings back, but until
 * then no other driver gets them.
 */
static void say_left_over(void)
{
	struct sys_list list = sys_list(sys_path("/sys/bus/pci/devices"));
	struct pci_function pci;

	for (int i = 0; i < list.count; i++) {
		if (pci_read(list.entries[i]->d_name, &pci) ||
		    strcmp(pci.driver_override, DRIVER_NAME))
			continue;
		note("%s stays reserved for hpdma; to give it back:",
		     pci.address);
		fix("hpdmactl unbind %s", pci.address);
	}
	sys_free_list(&list);
}

int cmd_unload(int argc, char **argv)
{
	struct kmod_ctx *ctx;
	struct kmod_module *mod = NULL;
	int ret;

	if (argc)
		return bad_usage("unload takes no argument: %s", argv[0]);
	if (!module_is_loaded()) {
		printf("hpdma is not loaded\n");
		return EXIT_OK;
	}
	ctx = open_kmod();
	if (!ctx)
		return failed("cannot set libkmod up: out of memory");
	ret = kmod_module_new_from_name(ctx, MODULE_NAME, &mod);
	if (!ret)
		ret = kmod_module_remove_module(mod, O_NONBLOCK);
	kmod_module_unref(mod);
	kmod_unref(ctx);
	if (ret) {
		failed("cannot unload hpdma");
		explain_unload(ret);
		return EXIT_FAILED;
	}
	printf("hpdma unloaded\n");
	say_left_over();
	return EXIT_OK;
}

// SPDX-License-Identifier: MIT
/* The module's parameters, before and after loading. */
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "parameters.h"
#include "say.h"
#include "sys.h"

/* The value of a parm= line is "name:description". */
static bool is_parameter(const char *value, const char *name, size_t length)
{
	return strcspn(value, ":") == length && !strncmp(value, name, length);
}

static bool is_declared(struct kmod_list *info, const char *name, size_t length)
{
	struct kmod_list *entry;

	kmod_list_foreach(entry, info) {
		if (!strcmp(kmod_module_info_get_key(entry), "parm") &&
		    is_parameter(kmod_module_info_get_value(entry), name,
				 length))
			return true;
	}
	return false;
}

static void say_declared(struct kmod_list *info)
{
	struct kmod_list *entry;

	kmod_list_foreach(entry, info) {
		if (!strcmp(kmod_module_info_get_key(entry), "parm"))
			note("%s", kmod_module_info_get_value(entry));
	}
	fix("modinfo --parameters " MODULE_NAME);
}

int parameters_check(struct kmod_module *mod, int argc, char **argv)
{
	struct kmod_list *info = NULL;
	int ret = EXIT_OK;

	/* If the file cannot be read, loading will say so better. */
	if (!argc || kmod_module_get_info(mod, &info) < 0)
		return EXIT_OK;
	for (int i = 0; i < argc && !ret; i++) {
		size_t length = strcspn(argv[i], "=");

		if (argv[i][length] != '=' ||
		    argv[i][strcspn(argv[i], " \t\n")]) {
			ret = bad_usage("%s is not PARAMETER=VALUE", argv[i]);
		} else if (!is_declared(info, argv[i], length)) {
			failed("the module has no parameter %.*s", (int)length,
			       argv[i]);
			say_declared(info);
			ret = EXIT_USAGE;
		}
	}
	kmod_module_info_free_list(info);
	return ret;
}

/* The kernel shows a bool as Y or N, however it was given. */
static bool is_same_value(const char *given, const char *shown)
{
	if (!strcmp(shown, "Y"))
		return strchr("1yY", given[0]) || !strcmp(given, "on");
	if (!strcmp(shown, "N"))
		return strchr("0nN", given[0]) || !strcmp(given, "off");
	return !strcmp(given, shown);
}

bool parameters_are_set(int argc, char **argv)
{
	char shown[SYS_TEXT_MAX];

	for (int i = 0; i < argc; i++) {
		int length = (int)strcspn(argv[i], "=");

		if (sys_read(sys_path(PARAMETERS "/%.*s", length, argv[i]),
			     shown, sizeof(shown)) ||
		    !is_same_value(argv[i] + length + 1, shown))
			return false;
	}
	return true;
}

void parameters_print(void)
{
	struct sys_list list = sys_list(sys_path(PARAMETERS));
	char value[SYS_TEXT_MAX];

	for (int i = 0; i < list.count; i++) {
		const char *name = list.entries[i]->d_name;

		if (sys_read(sys_path(PARAMETERS "/%s", name), value,
			     sizeof(value)))
			continue;
		/* What the kernel prints for a string that was not given */
		printf("%s%s=%s", i ? " " : "", name,
		       strcmp(value, "(null)") ? value : "none");
	}
	printf("%s\n", list.count ? "" : "none");
	sys_free_list(&list);
}

// SPDX-License-Identifier: MIT
/* Why a module did not load. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "device.h"
#include "load_errors.h"
#include "say.h"
#include "sys.h"

static void say_rebuild(const char *release)
{
	if (!sys_exists(sys_path("/lib/modules/%s/build", release))) {
		note("the headers of this kernel, needed to build, are missing");
		fix("apt install linux-headers-%s", release);
	}
	fix("make && sudo make install  # in the sources of hpdma");
	fix("dkms install hpdma/" HPDMA_VERSION " -k %s  # if dkms has them",
	    release);
}

void load_explain_not_found(void)
{
	struct utsname system;

	uname(&system);
	because("it is not in /lib/modules/%s", system.release);
	say_rebuild(system.release);
	/* Installed by hand without depmod, it is there but not listed. */
	fix("depmod -a  # if it was installed there just now");
}

/* The vermagic starts with the release that the module was built for. */
static void find_release(struct kmod_module *mod, char *release, size_t size)
{
	struct kmod_list *info = NULL;
	struct kmod_list *entry;

	release[0] = '\0';
	if (kmod_module_get_info(mod, &info) < 0)
		return;
	kmod_list_foreach(entry, info) {
		if (!strcmp(kmod_module_info_get_key(entry), "vermagic"))
			snprintf(release, size, "%s",
				 kmod_module_info_get_value(entry));
	}
	release[strcspn(release, " ")] = '\0';
	kmod_module_info_free_list(info);
}

static void explain_format(struct kmod_module *mod, const char *path)
{
	struct utsname running;
	char release[SYS_TEXT_MAX];

	uname(&running);
	find_release(mod, release, sizeof(release));
	if (!release[0])
		because("%s is not a kernel module", path ? path : "the file");
	else if (strcmp(release, running.release))
		because("it was built for kernel %s, but %s runs", release,
			running.release);
	else
		because("it was built with another configuration or compiler of kernel %s",
			release);
	say_rebuild(running.release);
}

static void explain_signature(void)
{
	because("this kernel takes signed modules only (Secure Boot or lockdown), and this one has no signature it trusts");
	fix("mokutil --import /var/lib/dkms/mok.pub && reboot  # enrol the key dkms signs with");
	fix("/usr/src/linux-kbuild-*/scripts/sign-file sha256 KEY.priv CERT.der hpdma.ko  # or sign by hand");
}

static void explain_permission(void)
{
	char text[SYS_TEXT_MAX];

	if (sys_read_number(sys_path("/proc/sys/kernel/modules_disabled"), 0)) {
		because("kernel.modules_disabled is set: no module loads until the next boot");
		fix("reboot");
	} else if (!sys_read(sys_path("/sys/kernel/security/lockdown"), text,
			     sizeof(text)) &&
		   !strstr(text, "[none]")) {
		explain_signature();
	} else {
		because("loading a module needs CAP_SYS_MODULE");
		fix("sudo hpdmactl load");
	}
}

void load_explain(int err, struct kmod_module *mod, const char *path)
{
	switch (err) {
	case -ENOEXEC:
		explain_format(mod, path);
		break;
	case -EKEYREJECTED:
	case -ENOKEY:
	case -EBADMSG:
		explain_signature();
		break;
	case -EPERM:
	case -EACCES:
		explain_permission();
		break;
	case -ENOENT:
		if (path && access(path, R_OK)) {
			because("there is no file %s", path);
			fix("make  # in the sources of hpdma");
		} else {
			because("the kernel lacks something it uses");
			fix("dmesg | grep 'hpdma: Unknown symbol'");
		}
		break;
	case -EINVAL:
		because("a parameter has a bad value, or the module does not fit this kernel");
		fix("dmesg | grep hpdma  # says which");
		fix("modinfo --parameters hpdma");
		break;
	default:
		because("%s", strerror(-err));
		fix("dmesg | grep hpdma");
	}
}

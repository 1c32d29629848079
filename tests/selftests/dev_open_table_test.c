// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may open a device on which machine: capability x lockdown x IOMMU x
 * allow_unsafe, for a device alone in its group and for one of two behind a
 * conventional bridge.
 *
 * HPDMA_MACHINE, from the kernel's command line, says what machine was built: this
 * must not be learnt from the module. Lockdown has no way back and a taint stays:
 * each machine is a boot of its own, once with allow_unsafe=1 and once without.
 */
#include <dirent.h>
#include <limits.h>
#include <linux/capability.h>

#include "kselftest_harness.h"
#include "dev_common.c"

#define LOCKDOWN "/sys/kernel/security/lockdown"
#define TAINT_USER (1 << 6)

/**
 * struct machine - what a machine was built to have
 * @name: By which the command line calls it
 * @translated: An IOMMU translates
 * @irq_remapped: And remaps interrupts
 * @groups: There are IOMMU groups at all
 */
static const struct machine {
	const char *name;
	bool translated;
	bool irq_remapped;
	bool groups;
} machines[] = {
	{ "protected", true, true, true },
	/* As it is for a guest whose hypervisor shadows the tables. */
	{ "caching", true, true, true },
	{ "not-remapped", true, false, true },
	{ "identity", false, true, true },
	{ "off", false, false, false },
	{ "none", false, false, false },
};

/**
 * struct place - a device and what is known of it beforehand
 * @edu: The device
 * @what: For messages
 * @alone: It shares its group with nobody
 * @there: This machine has it
 */
struct place {
	struct edu edu;
	const char *what;
	bool alone;
	bool there;
};

FIXTURE(table)
{
	const struct machine *machine;
	struct place lone;
	struct place shared;
};

/* How many devices the kernel has put into the group of a device; 0 for none. */
static unsigned int group_size(const struct edu *edu)
{
	unsigned int count = 0;
	struct dirent *entry;
	char path[128];
	DIR *dir;

	dir = opendir(edu_sysfs(edu, "iommu_group/devices", path));
	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static bool on_root_bus(const struct edu *edu)
{
	return !strncmp(edu->pci, "0000:00:", 8);
}

FIXTURE_SETUP(table)
{
	const char *name = getenv("HPDMA_MACHINE");
	struct place *place;
	struct edu edu;
	unsigned int i;

	memset(self, 0, sizeof(*self));
	if (!name)
		SKIP(return, "for a boot with HPDMA_MACHINE=");
	for (i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (!strcmp(name, machines[i].name))
			self->machine = &machines[i];
	ASSERT_NE(NULL, self->machine);
	self->lone.what = "alone";
	self->shared.what = "shared";
	for (i = 0; !edu_find(&edu, EDU_NARROW, i); i++) {
		place = on_root_bus(&edu) ? &self->lone : &self->shared;
		if (place->there)
			continue;
		place->edu = edu;
		place->there = true;
		place->alone = self->machine->groups && on_root_bus(&edu);
	}
	ASSERT_TRUE(self->lone.there);
	/* The machine must be what it is said to be. */
	if (self->shared.there && self->machine->groups) {
		ASSERT_LT(1, group_size(&self->shared.edu));
	}
	ASSERT_EQ(self->machine->groups, group_size(&self->lone.edu) == 1);
}

FIXTURE_TEARDOWN(table)
{
}

static bool is_protected(const struct machine *machine,
			 const struct place *place)
{
	return machine->translated && machine->irq_remapped && place->alone;
}

static bool is_tainted(void)
{
	char text[32] = "";

	return read_text("/proc/sys/kernel/tainted", text, sizeof(text)) &&
	       atol(text) & TAINT_USER;
}

/* Return: what open() does, as the exit status of a child; 0 or an errno. */
static int open_with(const struct edu *edu, bool rawio)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (!child) {
		int dev;

		if (!rawio)
			drop_capability(CAP_SYS_RAWIO);
		CHILD_CHECK(has_capability(CAP_SYS_RAWIO) == rawio);
		dev = dev_open(edu);
		if (dev >= 0)
			close(dev);
		_exit(dev < 0 ? -dev : 0);
	}
	return wait_child(child);
}

/* Return: by the contract. */
static int expected(bool safe, bool rawio, bool locked)
{
	if (safe)
		return 0;
	if (!unsafe_allowed())
		return EACCES;
	return rawio && !locked ? 0 : EPERM;
}

/* A quarter of the table: one device, in one state of lockdown. */
static unsigned int check_rows(struct __test_metadata *_metadata,
			       const struct machine *machine,
			       const struct place *place, bool locked,
			       bool *tainted)
{
	bool safe = is_protected(machine, place);
	int rawio, want, got;

	if (!place->there)
		return 0;
	for (rawio = 0; rawio < 2; rawio++) {
		want = expected(safe, rawio, locked);
		got = open_with(&place->edu, rawio);
		*tainted |= !want && !safe;
		EXPECT_EQ(want, got)
		{
			TH_LOG("%s, %s, CAP_SYS_RAWIO %d, lockdown %d",
			       machine->name, place->what, rawio, locked);
		}
		EXPECT_EQ(*tainted, is_tainted())
		{
			TH_LOG("after %s, %s, CAP_SYS_RAWIO %d, lockdown %d",
			       machine->name, place->what, rawio, locked);
		}
		/* Who only opens does not make it a master, let in or not. */
		EXPECT_FALSE(edu_is_master(&place->edu));
	}
	EXPECT_EQ(0,
		  number_in("/sys/kernel/debug/hpdma/stats", "device_files"));
	return rawio;
}

/* What the module says of the device, in sysfs and, once open, by DEV_INFO. */
static void check_place(struct __test_metadata *_metadata,
			const struct machine *machine,
			const struct place *place)
{
	struct hpdma_ioc_dev_info info;
	int dev;

	if (!place->there)
		return;
	EXPECT_EQ(machine->translated, dev_translated(&place->edu));
	EXPECT_EQ(is_protected(machine, place), dev_protected(&place->edu));
	dev = dev_open(&place->edu);
	if (!is_protected(machine, place) && !unsafe_allowed()) {
		EXPECT_EQ(-EACCES, dev);
		return;
	}
	ASSERT_LE(0, dev);
	ASSERT_EQ(0, dev_info(dev, &info));
	EXPECT_EQ(machine->translated,
		  !!(info.out_state & HPDMA_DEV_TRANSLATED));
	EXPECT_EQ(machine->irq_remapped,
		  !!(info.out_state & HPDMA_DEV_IRQ_REMAPPED));
	EXPECT_EQ(place->alone, !!(info.out_state & HPDMA_DEV_ALONE))
	{
		TH_LOG("%s, %s", machine->name, place->what);
	}
	close(dev);
}

/* Return: 0 or -errno; what was obtained in @mode. */
static int attach_in(const struct edu *edu, unsigned int *mode)
{
	int dev = dev_open(edu), mem = open_node();
	struct hpdma_ioc_dev_attach arg = {
		.size = sizeof(arg),
		.fd = mem,
		.address_bits = edu->bits,
		.mode = *mode,
	};
	int ret = dev_call(dev, HPDMA_IOC_DEV_ATTACH, &arg);

	*mode = arg.out_mode;
	close(dev);
	close(mem);
	return ret;
}

/* Each address mode, where it can be had and where not. */
static void check_modes(struct __test_metadata *_metadata,
			const struct machine *machine,
			const struct place *place)
{
	bool translated = machine->translated;
	const struct {
		unsigned int mode, reason;
	} wanted[] = {
		{ HPDMA_MODE_DEFAULT, HPDMA_REASON_NONE },
		{ HPDMA_MODE_KERNEL_IOVA,
		  translated ? HPDMA_REASON_NONE : HPDMA_REASON_NO_IOMMU },
		/* Also of an IOMMU that was told not to translate. */
		{ HPDMA_MODE_CALLER_IOVA, !machine->groups ?
						  HPDMA_REASON_NO_IOMMU :
					  place->alone ? HPDMA_REASON_NONE :
							 HPDMA_REASON_GROUP },
		{ HPDMA_MODE_PHYS,
		  translated ? HPDMA_REASON_MODE : HPDMA_REASON_NONE },
	};
	unsigned int mode, natural, i;

	if (!place->there ||
	    (!is_protected(machine, place) && !unsafe_allowed()))
		return;
	natural = translated ? HPDMA_MODE_KERNEL_IOVA : HPDMA_MODE_PHYS;
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		mode = wanted[i].mode;
		EXPECT_EQ(wanted[i].reason ? -EOPNOTSUPP : 0,
			  attach_in(&place->edu, &mode))
		{
			TH_LOG("%s, %s, mode %u", machine->name, place->what,
			       wanted[i].mode);
		}
		EXPECT_EQ(wanted[i].reason, last_reason());
		if (wanted[i].reason)
			continue;
		EXPECT_EQ(wanted[i].mode ? wanted[i].mode : natural, mode);
	}
	EXPECT_FALSE(edu_is_master(&place->edu));
}

TEST_F(table, capability_lockdown_iommu)
{
	unsigned int rows = 0;
	bool tainted = false;
	int locked, dev;

	if (!self->machine)
		return;
	ASSERT_FALSE(is_tainted());
	for (locked = 0; locked < 2; locked++) {
		if (locked && !write_text(LOCKDOWN, "integrity")) {
			TH_LOG("this kernel has no " LOCKDOWN);
			break;
		}
		rows += check_rows(_metadata, self->machine, &self->lone,
				   locked, &tainted);
		rows += check_rows(_metadata, self->machine, &self->shared,
				   locked, &tainted);
		if (!locked) {
			check_place(_metadata, self->machine, &self->lone);
			check_place(_metadata, self->machine, &self->shared);
			check_modes(_metadata, self->machine, &self->lone);
			check_modes(_metadata, self->machine, &self->shared);
		}
	}
	TH_LOG("%u rows", rows);
	EXPECT_LE(4, rows);
	/* Memory harms nobody. */
	dev = open_node();
	EXPECT_LE(0, dev);
	EXPECT_LT(0, alloc_contig(dev, PAGE));
	close(dev);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every reason and every kind has words of its own; a text fits its array.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <hpdma.h>
#include <linux/hpdma.h>

#include "harness.h"

/* Without default: the compiler says if the contract has a reason more. */
static bool is_reason(enum hpdma_reason reason)
{
	switch (reason) {
	case HPDMA_REASON_NONE:
	case HPDMA_REASON_MEMLOCK:
	case HPDMA_REASON_IDS:
	case HPDMA_REASON_HUGEPAGES:
	case HPDMA_REASON_CONTIG:
	case HPDMA_REASON_NODE:
	case HPDMA_REASON_SEGMENT:
	case HPDMA_REASON_ADDRESS:
	case HPDMA_REASON_PHYS_RIGHT:
	case HPDMA_REASON_PINNING:
	case HPDMA_REASON_BOUNCE:
	case HPDMA_REASON_NOT_ATTACHED:
	case HPDMA_REASON_ATTACHED:
	case HPDMA_REASON_OTHER_HOLDER:
	case HPDMA_REASON_NO_INTERRUPT:
	case HPDMA_REASON_FSIZE:
	case HPDMA_REASON_QUOTA_BYTES:
	case HPDMA_REASON_QUOTA_BUFFERS:
	case HPDMA_REASON_CGROUP:
	case HPDMA_REASON_SEALS:
	case HPDMA_REASON_FILE:
	case HPDMA_REASON_EXPORTER:
	case HPDMA_REASON_NAMED:
	case HPDMA_REASON_LIST_RIGHT:
	case HPDMA_REASON_NO_IOMMU:
	case HPDMA_REASON_GROUP:
	case HPDMA_REASON_MODE:
	case HPDMA_REASON_IOVA_RESERVED:
	case HPDMA_REASON_IOVA_USED:
	case HPDMA_REASON_IOVA_PAGE:
	case HPDMA_REASON_NO_RESET:
	case HPDMA_REASON_STUCK:
	case HPDMA_REASON_SUSPENDED:
		return true;
	}
	return false;
}

static int has_own_words(uint32_t why)
{
	const char *unknown = hpdma_why_text(99999);

	return *hpdma_why_text(why) && strcmp(hpdma_why_text(why), unknown);
}

TEST(every_reason_of_the_module_has_words)
{
	uint32_t i, j, count;

	for (count = 0; is_reason((enum hpdma_reason)count); count++)
		;
	CHECK_EQ(count, HPDMA_REASON_SUSPENDED + 1);
	CHECK(!*hpdma_why_text(HPDMA_WHY_NONE));
	for (i = 1; i < count; i++) {
		CHECK(has_own_words(i));
		for (j = i + 1; j < count; j++)
			CHECK(strcmp(hpdma_why_text(i), hpdma_why_text(j)));
	}
}

TEST(every_reason_of_the_library_has_words)
{
	uint32_t i;

	for (i = HPDMA_WHY_NO_MODULE; i <= HPDMA_WHY_NO_FUTEX; i++)
		CHECK(has_own_words(i));
	CHECK(!has_own_words(HPDMA_WHY_NO_FUTEX + 1));
}

TEST(a_reason_of_a_newer_module_has_words_too)
{
	CHECK(*hpdma_why_text(200));
}

TEST(every_kind_has_a_name)
{
	CHECK(!strcmp(hpdma_kind_text(HPDMA_KIND_PHYS), "PHYS"));
	CHECK(!strcmp(hpdma_kind_text(HPDMA_KIND_IOVA), "IOVA"));
	CHECK(!strcmp(hpdma_kind_text(HPDMA_KIND_NONE), "none"));
	CHECK(!strcmp(hpdma_kind_text((enum hpdma_kind)77), "none"));
}

TEST(a_text_says_what_how_and_why)
{
	struct hpdma_error error = { -ENOMEM, HPDMA_WHY_HUGEPAGES, "do it" };
	char text[300];

	CHECK(hpdma_error_text(&error, text, sizeof(text)) == text);
	CHECK(strstr(text, "do it: Cannot allocate memory: too few free huge"));
	error.why = HPDMA_WHY_NONE;
	hpdma_error_text(&error, text, sizeof(text));
	CHECK(!strcmp(text, "do it: Cannot allocate memory"));
	error.what = NULL;
	error.code = -12345;
	hpdma_error_text(&error, text, sizeof(text));
	CHECK(strstr(text, "12345"));
}

TEST(a_text_is_cut_off)
{
	struct hpdma_error error = { -ENOMEM, HPDMA_WHY_HUGEPAGES, "do it" };
	char *text = malloc(6);

	REQUIRE(text);
	hpdma_error_text(&error, text, 6);
	CHECK(!strcmp(text, "do it"));
	free(text);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(every_reason_of_the_module_has_words),
		ENTRY(every_reason_of_the_library_has_words),
		ENTRY(a_reason_of_a_newer_module_has_words_too),
		ENTRY(every_kind_has_a_name),
		ENTRY(a_text_says_what_how_and_why),
		ENTRY(a_text_is_cut_off),
	};

	return RUN_TESTS(tests);
}

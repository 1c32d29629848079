// SPDX-License-Identifier: MIT
/* Memory of several processes; the next one finds it by its name. */
#include <hpdma/domain.h>
#include <stdio.h>

int main(void)
{
	const struct hpdma_domain_opts opts = {
		.size = sizeof(opts),
		.length = 8 << 20,
		.abi = 1,
	};
	struct hpdma_memzone zone = { .size = sizeof(zone) };
	struct hpdma_domain *domain;
	struct hpdma_error error;
	struct hpdma *ctx;
	char text[256];
	int ret;

	if (hpdma_open(NULL, &ctx, NULL))
		return 77;
	ret = hpdma_domain_create(ctx, "example", &opts, &domain, &error);
	if (ret) {
		puts(hpdma_error_text(&error, text, sizeof(text)));
		hpdma_unref(ctx);
		return 77;
	}
	ret = hpdma_memzone_reserve(hpdma_domain_zones(domain), "state", 4096,
				    NULL, &zone, &error);
	if (!ret)
		printf("the state is %llu bytes into the domain\n",
		       (unsigned long long)hpdma_domain_offset(domain,
							       zone.ptr));
	hpdma_domain_unref(domain);
	hpdma_unref(ctx);
	return ret ? 1 : 0;
}

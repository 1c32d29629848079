// SPDX-License-Identifier: GPL-2.0-only
/* Resetting a function alone, in whatever way the PCI core has for it. */
#include <linux/error-injection.h>
#include <linux/pci.h>
#include <linux/hpdma.h>

#include "reset.h"

static bool has_flr(struct pci_dev *pdev)
{
	u32 express = 0;
	u8 features = 0;
	int at;

	/* Some say that they have one, and must not be asked for it. */
	if (pdev->dev_flags & PCI_DEV_FLAGS_NO_FLR_RESET)
		return false;
	pcie_capability_read_dword(pdev, PCI_EXP_DEVCAP, &express);
	at = pci_find_capability(pdev, PCI_CAP_ID_AF);
	if (at)
		pci_read_config_byte(pdev, at + PCI_AF_CAP, &features);
	return express & PCI_EXP_DEVCAP_FLR || features & PCI_AF_CAP_FLR;
}

/**
 * hpdma_reset_ways - how a function can be reset
 * @pdev: The function
 *
 * Return: bits of enum hpdma_dev_resets.
 */
u32 hpdma_reset_ways(struct pci_dev *pdev)
{
	u32 ways = 0;

	if (hpdma_pci_reset_supported(pdev))
		ways |= HPDMA_RESETS_FUNCTION;
	if (has_flr(pdev))
		ways |= HPDMA_RESETS_FLR;
	return ways;
}

/**
 * hpdma_reset_function - reset a function
 * @pdev: The function, stopped, with its interrupts off; its device lock is held
 *
 * Its configuration space is afterwards as it was. Who wants to access that through
 * sysfs waits.
 *
 * Return: 0, -ENOTTY if there is no way to do it, or -EIO if it did not come back.
 */
noinline int hpdma_reset_function(struct pci_dev *pdev)
{
	u16 command;
	int ret;

	if (!hpdma_pci_reset_supported(pdev))
		return -ENOTTY;
	pci_cfg_access_lock(pdev);
	ret = pci_reset_function_locked(pdev);
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	pci_cfg_access_unlock(pdev);
	return ret || command == U16_MAX ? -EIO : 0;
}

ALLOW_ERROR_INJECTION(hpdma_reset_function, ERRNO);

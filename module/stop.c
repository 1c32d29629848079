// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starting a function, and stopping it: bus mastering goes off, what the function
 * has begun ends, interrupts go off, and a reset if one is asked for. In this
 * order: an interrupt that tells of the last transaction still finds its handler.
 */
#include <linux/error-injection.h>
#include <linux/pci.h>
#include <linux/hpdma.h>

#include "reset.h"
#include "stop.h"

/*
 * Bus mastering is in the register in which our INTx handler masks the interrupt:
 * whoever reads and writes it meanwhile would undo that, and the line would stay
 * asserted for ever.
 */
static void set_master(struct hpdma_device *device, bool on)
{
	spin_lock_irq(&device->event.intx_lock);
	if (on)
		pci_set_master(device->pdev);
	else
		pci_clear_master(device->pdev);
	spin_unlock_irq(&device->event.intx_lock);
}

/*
 * Has it been taken out? Then nothing is left to be stopped. While it is not being
 * removed, one that does not answer is not gone: it may still write.
 */
static bool is_absent(struct hpdma_device *device)
{
	u16 command;

	if (device->pdev->error_state == pci_channel_io_perm_failure)
		return true;
	if (!device->gone)
		return false;
	pci_read_config_word(device->pdev, PCI_COMMAND, &command);
	return command == U16_MAX;
}

/**
 * hpdma_stop_wait - wait until a function has ended what it had begun
 * @pdev: The function, its bus mastering off
 *
 * Says of a function whether it has stopped; a kernel that injects errors lets
 * tests say that it has not.
 *
 * Return: 0, or -EBUSY if it does not stop.
 */
noinline int hpdma_stop_wait(struct pci_dev *pdev)
{
	return pci_wait_for_pending_transaction(pdev) ? 0 : -EBUSY;
}

ALLOW_ERROR_INJECTION(hpdma_stop_wait, ERRNO);

/**
 * hpdma_stop_start - turn bus mastering on
 * @device: The device; both its locks are held
 */
void hpdma_stop_start(struct hpdma_device *device)
{
	lockdep_assert_held(&device->lock);
	set_master(device, true);
}

/**
 * hpdma_stop_halt - stop the function without a reset
 * @device: The device; both its locks are held
 *
 * Waiters for interrupts wake.
 *
 * Return: whether it has stopped. If not, bus mastering and interrupts are off
 * all the same.
 */
bool hpdma_stop_halt(struct hpdma_device *device)
{
	bool stopped = true;

	lockdep_assert_held(&device->lock);
	if (!is_absent(device)) {
		set_master(device, false);
		stopped = !hpdma_stop_wait(device->pdev);
	}
	hpdma_event_disable(&device->event);
	return stopped;
}

/**
 * hpdma_stop_quiesce - stop the function, as its holders have asked
 * @device: The device; both its locks are held
 *
 * Return: whether it has stopped: then it reaches no memory. If not, what was
 * asked for is remembered for the next time.
 */
bool hpdma_stop_quiesce(struct hpdma_device *device)
{
	bool stopped = hpdma_stop_halt(device);

	if (device->reset != HPDMA_RESET_NONE && !is_absent(device)) {
		if (!hpdma_reset_function(device->pdev))
			stopped = true;
		else if (device->reset == HPDMA_RESET_REQUIRE)
			stopped = false;
	}
	if (stopped)
		device->reset = HPDMA_RESET_NONE;
	return stopped;
}

// SPDX-License-Identifier: MIT
/* open() is for sys.c alone. */
int hpdma_buf_length(void);

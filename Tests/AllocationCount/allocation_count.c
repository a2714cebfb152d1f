// SPDX-License-Identifier: MIT

#include "CAllocationCount.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)

static _Thread_local int64_t of_thread;
static _Atomic int64_t of_process;

static void count(void) {
  of_thread++;
  atomic_fetch_add_explicit(&of_process, 1, memory_order_relaxed);
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t number, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count();
  return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
  count();
  return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  count();
  void *found = __libc_memalign(alignment, size);
  if (!found)
    return ENOMEM;
  *block = found;
  return 0;
}

bool pxa_allocations_are_counted(void) { return true; }
int64_t pxa_allocations_of_thread(void) { return of_thread; }
int64_t pxa_allocations_of_process(void) { return atomic_load(&of_process); }

#else

bool pxa_allocations_are_counted(void) { return false; }
int64_t pxa_allocations_of_thread(void) { return 0; }
int64_t pxa_allocations_of_process(void) { return 0; }

#endif

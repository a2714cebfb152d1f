// SPDX-License-Identifier: MIT
//
// kernel-checks [SET]: runs every check on the kernels of SET, or of every instruction set that this build has and this
// machine runs. Prints one line per check.

#define _DEFAULT_SOURCE 1 // declare POSIX functions too, which -std=c11 hides

#include "CKernelChecks.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *running_check, *running_set;

static void write_text(const char *text) {
  if (write(STDOUT_FILENO, text, strlen(text)) < 0)
    _exit(1);
}

// Calls only functions that a signal handler may call.
static void crashed(int signal) {
  write_text("FAILED ");
  write_text(running_set);
  write_text(": ");
  write_text(running_check);
  write_text(signal == SIGSEGV || signal == SIGBUS ? ": access outside its arrays\n"
                                                   : ": failed assertion or undefined behaviour\n");
  _exit(1);
}

int main(int count, char **arguments) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    signal(signals[i], crashed);
  int checks = 0, failed = 0;
  for (int32_t set = 0; set < pxa_kernels_count(); set++) {
    const pxa_kernels *kernels = pxa_kernels_at(set);
    if (count > 1 && strcmp(arguments[1], kernels->name) != 0)
      continue;
    if (!pxa_kernels_run_here(kernels)) {
      printf("skipped %s: this CPU doesn't have it\n", kernels->name);
      continue;
    }
    for (int32_t check = 0; check < pxa_checks_count(); check++, checks++) {
      running_set = kernels->name;
      running_check = pxa_check_title(check);
      char message[400] = "";
      bool is_fine = pxa_check_run(check, kernels, message, sizeof message);
      printf(is_fine ? "ok %s: %s\n" : "FAILED %s: %s: %s\n", kernels->name, running_check, message);
      fflush(stdout);
      failed += !is_fine;
    }
  }
  printf("%d checks, %d failed; pages of %ld bytes\n", checks, failed, sysconf(_SC_PAGESIZE));
  return checks == 0 || failed > 0;
}

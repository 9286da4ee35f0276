/* Counts the calls that make something durable or remove it, and kills the process before the
   one whose number is in KILL_AT; with 0, writes how many there were to the file KILL_COUNT. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static void count(void) {
  const char* at = getenv("KILL_AT");
  if (at == NULL) return;
  if (atomic_fetch_add(&calls, 1) + 1 == atol(at)) kill(getpid(), SIGKILL);
}

__attribute__((destructor)) static void tell(void) {
  const char* name = getenv("KILL_COUNT");
  FILE* file = name == NULL ? NULL : fopen(name, "w");
  if (file == NULL) return;
  fprintf(file, "%ld\n", atomic_load(&calls));
  fclose(file);
}

#define COUNTED(name, parameters, arguments)                             \
  int name parameters {                                                  \
    static int(*real) parameters;                                        \
    if (real == NULL) real = (int(*) parameters)dlsym(RTLD_NEXT, #name); \
    count();                                                             \
    return real arguments;                                               \
  }

COUNTED(fsync, (int fd), (fd))
COUNTED(fdatasync, (int fd), (fd))
COUNTED(link, (const char* from, const char* to), (from, to))
COUNTED(linkat, (int a, const char* from, int b, const char* to, int flags),
        (a, from, b, to, flags))
COUNTED(rename, (const char* from, const char* to), (from, to))
COUNTED(renameat, (int a, const char* from, int b, const char* to), (a, from, b, to))
COUNTED(unlink, (const char* path), (path))
COUNTED(unlinkat, (int a, const char* path, int flags), (a, path, flags))
COUNTED(symlink, (const char* to, const char* path), (to, path))
COUNTED(mkdir, (const char* path, mode_t mode), (path, mode))

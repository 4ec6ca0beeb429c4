/*
 * egret-contain: starts a program and ends with it, and leaves none of the processes that it started.
 *
 *   egret-contain keep PARENT CGROUP COMMAND [ARG...]
 *   egret-contain probe [CGROUP]
 *
 * keep: runs COMMAND in a session of its own and stays as its parent. It is a subreaper, so a descendant that
 * loses its parent (a daemon, or whatever called setsid) becomes a child of this program. When COMMAND has
 * ended, or when the process PARENT has ended (0: that does not matter), all remaining descendants are
 * killed, and this program ends the way COMMAND did: with its exit code or by its signal. CGROUP is the
 * directory of a control group (v2) in which COMMAND is born, or "-" for none; all members of the group are
 * killed too. The caller creates and removes the directory. SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1 and
 * SIGUSR2 are passed on to COMMAND.
 *
 * File descriptor 3 is a report to the caller that closes when COMMAND runs. It has lines of a letter and a
 * number: "P pid" before COMMAND is executed, then "E errno" if that failed; "G errno" if the control group
 * cannot be used; "F errno" if no process could be made.
 *
 * probe: exits with 0 if keep would work here, else says why not and exits with 1.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { report_fd = 3, failed_exit = 127 };

/* As in linux/sched.h since 5.7; older headers know neither the flag nor the field. */
static const uint64_t into_cgroup = 0x200000000ULL;
struct clone3_args {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

static void report(char kind, long number) {
  char line[32];
  int length = snprintf(line, sizeof line, "%c %ld\n", kind, number);
  ssize_t written = write(report_fd, line, (size_t)length);
  (void)written; /* A caller that no longer reads is about to end, and so are we. */
}

/* Forks with the child in the control group at birth. Joining a group later waits for all processors. */
static pid_t fork_into(int cgroup) {
  if (cgroup < 0) return fork();
#ifdef SYS_clone3
  struct clone3_args args = {.flags = into_cgroup, .exit_signal = SIGCHLD, .cgroup = (uint64_t)cgroup};
  return (pid_t)syscall(SYS_clone3, &args, sizeof args);
#else
  errno = ENOSYS;
  return -1;
#endif
}

/* ---- the processes below this one ---- */

struct process {
  pid_t pid, parent;
  char state;
  int is_descendant;
};

struct processes {
  struct process *list;
  size_t count, room;
};

static int read_process(const char *name, struct process *found) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%.20s/stat", name);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return 0;
  text[length] = '\0';
  /* The name in parentheses may hold anything, parentheses included. */
  const char *rest = strrchr(text, ')');
  int parent;
  if (rest == NULL || sscanf(rest + 1, " %c %d", &found->state, &parent) != 2) return 0;
  found->pid = (pid_t)atoi(name);
  found->parent = (pid_t)parent;
  found->is_descendant = 0;
  return 1;
}

static int by_pid(const void *a, const void *b) {
  pid_t x = ((const struct process *)a)->pid, y = ((const struct process *)b)->pid;
  return (x > y) - (x < y);
}

static int is_below(const struct processes *all, pid_t parent, pid_t self) {
  if (parent == self) return 1;
  struct process wanted = {.pid = parent};
  const struct process *found = bsearch(&wanted, all->list, all->count, sizeof wanted, by_pid);
  return found != NULL && found->is_descendant;
}

/* Lists all processes and marks our descendants. Returns 0 when there is no memory or no /proc. */
static int look(struct processes *all) {
  all->count = 0;
  DIR *proc = opendir("/proc");
  if (proc == NULL) return 0;
  for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    if (all->count == all->room) {
      size_t room = all->room == 0 ? 512 : 2 * all->room;
      struct process *list = realloc(all->list, room * sizeof *list);
      if (list == NULL) break; /* Those found so far can be ended; then there is room for others. */
      all->list = list;
      all->room = room;
    }
    if (read_process(entry->d_name, &all->list[all->count])) all->count++;
  }
  closedir(proc);
  if (all->count == 0) return 0;
  qsort(all->list, all->count, sizeof *all->list, by_pid);
  pid_t self = getpid();
  for (int is_changed = 1; is_changed;) {
    is_changed = 0;
    for (size_t i = 0; i < all->count; i++) {
      struct process *process = &all->list[i];
      if (process->is_descendant || !is_below(all, process->parent, self)) continue;
      process->is_descendant = is_changed = 1;
    }
  }
  return 1;
}

/* Signals every descendant, on request without stopped and ended ones. Returns how many took the signal. */
static size_t signal_descendants(const struct processes *all, int signal, int skip_stopped) {
  size_t reached = 0;
  for (size_t i = 0; i < all->count; i++) {
    const struct process *process = &all->list[i];
    if (!process->is_descendant || process->state == 'Z' || process->state == 'X') continue;
    if (skip_stopped && (process->state == 'T' || process->state == 't')) continue;
    if (kill(process->pid, signal) == 0) reached++;
  }
  return reached;
}

static void kill_group_members(int cgroup) {
  if (cgroup < 0) return;
  int file = openat(cgroup, "cgroup.kill", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  ssize_t written = write(file, "1", 1);
  (void)written; /* What is left is found as a descendant. */
  close(file);
}

/* Reaps what has ended. Returns 0 when no child is left: then there is no descendant either. */
static int reap(void) {
  pid_t pid;
  do pid = waitpid(-1, NULL, WNOHANG);
  while (pid > 0);
  return pid == 0;
}

static void wait_a_moment(const sigset_t *child_signal, long ms) {
  struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
  sigtimedwait(child_signal, NULL, &limit);
}

/*
 * Kills until no descendant is left. They are stopped first, because a stopped process neither forks nor
 * exits: of a program that forks faster than it is killed some would otherwise always remain. Processes of
 * another user (they executed a set-user-id program) cannot be signalled and are left.
 */
static void end_descendants(int cgroup) {
  enum { stop_rounds_max = 100, unreachable_rounds_max = 20, moment_ms = 5 };
  struct processes all = {0};
  sigset_t child_signal;
  sigemptyset(&child_signal);
  sigaddset(&child_signal, SIGCHLD);
  if (!reap()) return;
  kill_group_members(cgroup);
  for (int unreachable = 0; reap() && unreachable < unreachable_rounds_max;) {
    for (int round = 0; round < stop_rounds_max; round++)
      if (!look(&all) || signal_descendants(&all, SIGSTOP, 1) == 0) break;
    unreachable = signal_descendants(&all, SIGKILL, 0) > 0 ? 0 : unreachable + 1;
    wait_a_moment(&child_signal, moment_ms);
  }
  free(all.list);
}

/* ---- keep ---- */

static _Noreturn void end_as(int status) {
  if (WIFSIGNALED(status)) {
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core); /* The program has left its own, if any. */
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, WTERMSIG(status));
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    _exit(128 + WTERMSIG(status));
  }
  _exit(WEXITSTATUS(status));
}

static _Noreturn void execute(char **command, pid_t keeper, const sigset_t *mask) {
  /* If the keeper is killed, no process would end this program. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != keeper) _exit(failed_exit);
  setsid();
  report('P', getpid());
  sigprocmask(SIG_SETMASK, mask, NULL);
  execvp(command[0], command);
  report('E', errno);
  _exit(failed_exit);
}

/* Shows in process lists what this is, not a second copy of the command. Clears the old arguments. */
static void set_title(int argc, char **argv, pid_t child) {
  char *end = argv[argc - 1] + strlen(argv[argc - 1]);
  size_t room = (size_t)(end - argv[0]);
  memset(argv[0], 0, room);
  snprintf(argv[0], room, "egret-contain: %d", (int)child);
}

static void leave_pipes(void) {
  int nowhere = open("/dev/null", O_RDWR);
  for (int fd = 0; fd <= 2; fd++) dup2(nowhere, fd);
  if (nowhere > 2) close(nowhere);
  close(report_fd);
  if (chdir("/") != 0) return; /* It would only keep a file system from being unmounted. */
}

static int wait_for_end(pid_t child, const sigset_t *signals, int parent_ended) {
  for (;;) {
    int signal = sigwaitinfo(signals, NULL);
    if (signal == parent_ended) return SIGKILL; /* The status of a process that SIGKILL ended. */
    if (signal != SIGCHLD) {
      if (signal > 0 && kill(-child, signal) != 0) kill(child, signal);
      continue;
    }
    int status, ended = -1;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
      if (pid == child) ended = status;
    if (ended >= 0) return ended;
  }
}

static int keep(int argc, char **argv) {
  pid_t parent = (pid_t)atol(argv[2]);
  const char *directory = argv[3];
  int parent_ended = SIGRTMIN;
  fcntl(report_fd, F_SETFD, FD_CLOEXEC);

  sigset_t all, before, awaited;
  signal(SIGCHLD, SIG_DFL); /* Ignored, it would make the kernel reap children and forget how they ended. */
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &before);
  sigemptyset(&awaited);
  const int passed_on[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
  for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) sigaddset(&awaited, passed_on[i]);
  sigaddset(&awaited, SIGCHLD);
  sigaddset(&awaited, parent_ended);

  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (parent > 0) {
    prctl(PR_SET_PDEATHSIG, parent_ended);
    if (getppid() != parent) return failed_exit; /* It ended before it could be watched. */
  }
  int cgroup = -1;
  if (strcmp(directory, "-") != 0) {
    cgroup = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cgroup < 0) {
      report('G', errno);
      return failed_exit;
    }
  }
  pid_t keeper = getpid();
  pid_t child = fork_into(cgroup);
  if (child < 0) {
    /* A process table that is full is no fault of the group. */
    report(cgroup < 0 || errno == EAGAIN || errno == ENOMEM ? 'F' : 'G', errno);
    return failed_exit;
  }
  if (child == 0) execute(&argv[4], keeper, &before);
  leave_pipes();
  set_title(argc, argv, child);
  int status = wait_for_end(child, &awaited, parent_ended);
  end_descendants(cgroup);
  end_as(status);
}

/* ---- probe ---- */

static int refuse(const char *what, const char *on) {
  fprintf(stderr, "%s%s%s: %s\n", what, on == NULL ? "" : " ", on == NULL ? "" : on, strerror(errno));
  return 1;
}

static int probe(const char *directory) {
  struct processes all = {0};
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return refuse("cannot become a subreaper", NULL);
  if (!look(&all)) return refuse("cannot read", "/proc");
  if (directory == NULL) return 0;
  int cgroup = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (cgroup < 0) return refuse("cannot open", directory);
  if (faccessat(cgroup, "cgroup.kill", W_OK, 0) != 0) return refuse("cannot write cgroup.kill in", directory);
  pid_t child = fork_into(cgroup);
  if (child < 0) return refuse("cannot start a process in", directory);
  if (child == 0) _exit(0);
  return waitpid(child, NULL, 0) == child ? 0 : refuse("cannot wait for a process in", directory);
}

int main(int argc, char **argv) {
  if (argc >= 5 && strcmp(argv[1], "keep") == 0) return keep(argc, argv);
  if (argc >= 2 && argc <= 3 && strcmp(argv[1], "probe") == 0) return probe(argc == 3 ? argv[2] : NULL);
  fprintf(stderr, "usage: egret-contain keep PARENT CGROUP COMMAND [ARG...] | egret-contain probe [CGROUP]\n");
  return 2;
}

/*
 * master_key_file.c
 *		Reading and writing the lines of the master key.
 *
 * The postmaster reads here, on PostgreSQL 15 even inside its SIGHUP handler,
 * where an ERROR would end the server and a command that hangs would hang it.
 * So nothing here ereports or allocates, every read is bounded, and a command
 * is killed after COMMAND_TIMEOUT_MS.  What held a key is wiped.
 */
#include "shmem/master_key.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base64.h"
#include "storage/fd.h"

/* 16 lines of at most 78 characters are 1248; the rest is room for comments. */
#define SOURCE_MAX_BYTES	8192
#define COMMAND_TIMEOUT_MS	10000
#define COMMAND_MAX_FD		1024

/* 32 bytes in base64, with padding. */
#define KEY_BASE64_LEN		44

static bool key_fail(ShmemMasterKeys *keys, const char *fmt,...) pg_attribute_printf(2, 3);

static bool
key_fail(ShmemMasterKeys *keys, const char *fmt,...)
{
	va_list		args;

	explicit_bzero(keys, sizeof(*keys));
	va_start(args, fmt);
	vsnprintf(keys->reason, sizeof(keys->reason), fmt, args);
	va_end(args);
	return false;
}

static bool
key_id_ok(const char *id, size_t len)
{
	if (len == 0 || len > MASTER_KEY_ID_MAX)
		return false;
	return strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") >= len;
}

/* One line, without its end: id:base64. */
static bool
key_parse_line(const char *line, size_t len, int number, ShmemMasterKeys *keys)
{
	const char *colon = memchr(line, ':', len);
	ShmemMasterKey *key;
	size_t		id_len = colon ? colon - line : 0;

	if (keys->count >= MASTER_KEY_MAX_KEYS)
		return key_fail(keys, "it has more than %d keys", MASTER_KEY_MAX_KEYS);
	if (colon == NULL || !key_id_ok(line, id_len))
		return key_fail(keys, "line %d is not id:base64 with an id of 1 to %d of A-Z, a-z, 0-9, _ and -",
						number, MASTER_KEY_ID_MAX);
	key = &keys->keys[keys->count];
	memcpy(key->id, line, id_len);
	key->id[id_len] = '\0';
	if (len - id_len - 1 != KEY_BASE64_LEN ||
		pg_b64_decode(colon + 1, KEY_BASE64_LEN, (void *) key->key, MASTER_KEY_BYTES) != MASTER_KEY_BYTES)
		return key_fail(keys, "the key on line %d is not %d bytes in base64", number, MASTER_KEY_BYTES);
	for (int i = 0; i < keys->count; i++)
		if (strcmp(keys->keys[i].id, key->id) == 0)
			return key_fail(keys, "line %d has the id of an earlier line", number);
	keys->count++;
	return true;
}

/* All lines; blank ones and comments count for nothing.  text ends with a NUL at text[len]. */
bool
master_key_parse(const char *text, size_t len, ShmemMasterKeys *keys)
{
	const char *end = text + len;
	int			number = 0;

	explicit_bzero(keys, sizeof(*keys));
	while (text < end)
	{
		const char *newline = memchr(text, '\n', end - text);
		const char *stop = newline ? newline : end;
		const char *next = newline ? newline + 1 : end;

		number++;
		while (stop > text && (stop[-1] == '\r' || stop[-1] == ' ' || stop[-1] == '\t'))
			stop--;
		if (stop > text && *text != '#' && !key_parse_line(text, stop - text, number, keys))
			return false;
		text = next;
	}
	if (keys->count == 0)
		return key_fail(keys, "it holds no key");
	return true;
}

/* The rules of PostgreSQL's own ssl_key_file: ours and closed to others, or root's and readable by our group. */
static bool
key_file_is_private(const struct stat *st, ShmemMasterKeys *keys)
{
	if (!S_ISREG(st->st_mode))
		return key_fail(keys, "it is not a regular file");
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return key_fail(keys, "it must be owned by the server's user or root");
	if ((st->st_uid == geteuid() && (st->st_mode & (S_IRWXG | S_IRWXO))) ||
		(st->st_uid == 0 && (st->st_mode & (S_IWGRP | S_IXGRP | S_IRWXO))))
		return key_fail(keys, "its permissions must be 0600 or less, or 0640 or less when root owns it");
	return true;
}

static int64
key_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64CONST(1000) + now.tv_nsec / 1000000;
}

/* Read to the end of fd or the limit; -1 on an error or when the time has come. */
static ssize_t
key_read_all(int fd, char *buf, size_t size, int64 deadline)
{
	size_t		len = 0;

	while (len < size)
	{
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64		left = deadline - key_now_ms();
		ssize_t		n;

		if (left <= 0)
		{
			errno = ETIMEDOUT;
			return -1;
		}
		if (poll(&p, 1, (int) left) < 0 && errno != EINTR)
			return -1;
		if (p.revents == 0)
			continue;
		n = read(fd, buf + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += n;
	}
	return len;
}

void
master_key_read_file(const char *path, ShmemMasterKeys *keys, bool *missing)
{
	char		buf[SOURCE_MAX_BYTES + 1];
	struct stat st;
	ssize_t		len;
	int			fd;

	explicit_bzero(keys, sizeof(*keys));
	/* O_NONBLOCK: a FIFO must not stop the postmaster. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	*missing = fd < 0 && errno == ENOENT;
	if (fd < 0)
	{
		(void) key_fail(keys, "it cannot be opened: %s", strerror(errno));
		return;
	}
	if (fstat(fd, &st) != 0)
		(void) key_fail(keys, "it cannot be examined: %s", strerror(errno));
	else if (key_file_is_private(&st, keys))
	{
		len = key_read_all(fd, buf, SOURCE_MAX_BYTES + 1, key_now_ms() + COMMAND_TIMEOUT_MS);
		if (len < 0)
			(void) key_fail(keys, "it cannot be read: %s", strerror(errno));
		else if (len > SOURCE_MAX_BYTES)
			(void) key_fail(keys, "it is larger than %d bytes", SOURCE_MAX_BYTES);
		else
			(void) master_key_parse(buf, len, keys);
		explicit_bzero(buf, sizeof(buf));
	}
	close(fd);
}

/* In the child: a clean set of signals, our pipe as its output, a process group of its own. */
static void
key_command_child(const char *command, int fd)
{
	sigset_t	none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	if (dup2(fd, STDOUT_FILENO) < 0)
		_exit(127);
	/* The server's sockets are nothing for a command. */
	for (int i = STDERR_FILENO + 1; i < COMMAND_MAX_FD; i++)
		close(i);
	execl("/bin/sh", "sh", "-c", command, (char *) NULL);
	_exit(127);
}

/*
 * Start the command with its output in *out.  Its end is awaited by pid; on
 * PostgreSQL 15 SIGCHLD is blocked while the postmaster is here, later its
 * handler only sets a flag, so nobody else reaps it.
 */
static pid_t
key_command_start(const char *command, int *out)
{
	int			fds[2];
	pid_t		pid;

	if (pipe(fds) != 0)
		return -1;
	(void) fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	(void) fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		key_command_child(command, fds[1]);
	close(fds[1]);
	if (pid < 0)
		close(fds[0]);
	*out = fds[0];
	return pid;
}

/* Wait for the command, kill it (with its children) when the time has come; its status. */
static int
key_command_end(pid_t pid, int64 deadline)
{
	int			status = -1;
	pid_t		ended;

	while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && key_now_ms() < deadline)
		(void) poll(NULL, 0, 10);
	if (ended != 0)
		return status;
	(void) kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

void
master_key_read_command(const char *command, ShmemMasterKeys *keys)
{
	char		buf[SOURCE_MAX_BYTES + 1];
	int64		deadline = key_now_ms() + COMMAND_TIMEOUT_MS;
	ssize_t		len;
	int			fd;
	int			status;
	int			read_errno;
	pid_t		pid;

	explicit_bzero(keys, sizeof(*keys));
	pid = key_command_start(command, &fd);
	if (pid < 0)
	{
		(void) key_fail(keys, "it cannot be started: %s", strerror(errno));
		return;
	}
	len = key_read_all(fd, buf, SOURCE_MAX_BYTES + 1, deadline);
	read_errno = errno;
	close(fd);
	status = key_command_end(pid, len < 0 || len > SOURCE_MAX_BYTES ? 0 : deadline);
	if (len < 0)
		(void) key_fail(keys, "its output cannot be read: %s", strerror(read_errno));
	else if (len > SOURCE_MAX_BYTES)
		(void) key_fail(keys, "its output is larger than %d bytes", SOURCE_MAX_BYTES);
	else if (status != 0)
		(void) key_fail(keys, "it failed with %s %d", WIFEXITED(status) ? "exit code" : "status",
						WIFEXITED(status) ? WEXITSTATUS(status) : status);
	else
		(void) master_key_parse(buf, len, keys);
	explicit_bzero(buf, sizeof(buf));
}

/* Write all of it to fd, durably. */
static bool
key_write_lines(int fd, const ShmemMasterKeys *keys)
{
	char		line[MASTER_KEY_ID_MAX + 1 + KEY_BASE64_LEN + 2];
	bool		ok = true;

	for (int i = 0; ok && i < keys->count; i++)
	{
		size_t		len = strlen(keys->keys[i].id);
		int			b64;

		memcpy(line, keys->keys[i].id, len);
		line[len++] = ':';
		b64 = pg_b64_encode((const void *) keys->keys[i].key, MASTER_KEY_BYTES, line + len, KEY_BASE64_LEN + 1);
		if (b64 != KEY_BASE64_LEN)
			ok = false;
		len += KEY_BASE64_LEN;
		line[len++] = '\n';
		ok = ok && write(fd, line, len) == (ssize_t) len;
	}
	explicit_bzero(line, sizeof(line));
	return ok && pg_fsync(fd) == 0;
}

/*
 * The caller holds the lock of the master key, so the one name of the temporary
 * file is enough; what a crash left there is removed.  link() fails when the
 * file exists, rename() replaces it in one step: in both cases a reader, or a
 * crash, finds the whole old file, or the whole new one, or none.
 */
bool
master_key_write_file(const char *path, const ShmemMasterKeys *keys, bool replace)
{
	char		temp[MAXPGPATH];
	int			fd;
	bool		ok;

	snprintf(temp, sizeof(temp), "%s.tmp", path);
	(void) unlink(temp);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return false;
	ok = key_write_lines(fd, keys);
	if (close(fd) != 0)
		ok = false;
	if (ok)
		ok = (replace ? rename(temp, path) : link(temp, path)) == 0;
	(void) unlink(temp);
	return ok && fsync_fname_ext(".", true, false, LOG) == 0;
}

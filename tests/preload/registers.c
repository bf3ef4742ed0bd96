/*
 * For Debian 12's User Mode Linux: on processors with AMX the registers of a
 * process take more room than it has, and the kernel accepts only all of them.
 * Those that it does not know stay as they are.
 */
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

static long (*real)(enum __ptrace_request, ...);

static long
set_registers(int pid, const struct iovec *known)
{
	static char bytes[16 * 1024]; /* its stacks are small */
	struct iovec all = { bytes, sizeof(bytes) };

	if (real(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &all) == -1)
		return -1;
	memcpy(bytes, known->iov_base, known->iov_len);
	return real(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &all);
}

static __attribute__((constructor)) void
find_real(void)
{
	real = (long (*)(enum __ptrace_request, ...))dlsym(RTLD_NEXT, "ptrace");
}

long
ptrace(enum __ptrace_request request, ...)
{
	va_list arguments;
	void *address, *data;
	int pid;

	va_start(arguments, request);
	pid = va_arg(arguments, int);
	address = va_arg(arguments, void *);
	data = va_arg(arguments, void *);
	va_end(arguments);
	if (request == PTRACE_SETREGSET && (long)address == NT_X86_XSTATE)
		return set_registers(pid, data);
	return real(request, pid, address, data);
}

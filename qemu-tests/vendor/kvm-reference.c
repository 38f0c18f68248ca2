// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds a VM that a vGPU is tied to, and how long.
 *
 * Arguments: "group" or "cdev", the path to the device; "turns" or "races".
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kvmvm.h"
#include "mdev.h"
#include "tap.h"

#define PARENT		"mvgpu.0"
#define ANY_TYPE	"mvgpu-bochs-16m"
#define KVM_TYPE	"mvgpu-bochs-16m-kvm"
#define RACE_VMS	30

static bool cdev;
static char uuid[MDEV_UUID_LEN + 1];

static void use_type(const char *type)
{
	int ret;

	mdev_uuid_random(uuid);
	ret = mdev_create(PARENT, type, uuid);
	if (ret)
		tap_bail("cannot make a %s: %s", type, strerror(-ret));
}

static void done_with_type(void)
{
	tap_ret(mdev_remove(uuid), 0, "remove");
}

/* What debugfs says of the vGPU's VM: 'c'losed, 'n'one, or 't'ied to one. */
static char tied(void)
{
	char path[128], text[64];

	snprintf(path, sizeof(path), "/sys/kernel/debug/mvgpu/%s/kvm", uuid);
	if (sysfs_read(path, text, sizeof(text)))
		return '?';
	if (!strcmp(text, "closed") || !strcmp(text, "none"))
		return text[0];
	return strspn(text, "0") < strlen(text) ? 't' : '0';
}

/* Makes a VM that knows the vGPU. */
static void make_tied(struct kvmvm *vm, struct opened *vgpu)
{
	opened_prepare(vgpu, uuid, cdev);
	kvmvm_make(vm);
	tap_ret(kvmvm_add(vm, vgpu), 0, "FILE_ADD");
}

static void test_without_vm(void)
{
	struct opened vgpu;

	tap_is(tied(), 'c', "a vGPU that is closed");
	opened_prepare(&vgpu, uuid, cdev);
	tap_ret(opened_start(&vgpu, uuid), 0, "open it without a VM");
	tap_is(tied(), 'n', "it is tied to none");
	opened_close(&vgpu);
	tap_is(tied(), 'c', "it is closed again");
}

static void test_outlives(void)
{
	struct opened vgpu;
	struct kvmvm vm;
	char byte;

	make_tied(&vm, &vgpu);
	tap_is(tied(), 'c', "that alone ties nothing");
	tap_ret(opened_start(&vgpu, uuid), 0, "open");
	tap_is(tied(), 't', "the vGPU is tied to the VM");
	kvmvm_close(&vm);
	tap_ok(kvmvm_exists(&vm), "the VM outlives its files while the device is open");
	tap_is(tied(), 't', "the vGPU is still tied to it");
	tap_ok(cdev || pread(vgpu.device, &byte, 1, 0) == 1, "and works");
	opened_close(&vgpu);
	tap_ok(kvmvm_ends(&vm), "the VM ends when the device is closed");
	tap_is(tied(), 'c', "the vGPU is closed");
}

static void test_opened_before(void)
{
	struct opened vgpu;
	struct kvmvm vm;

	opened_prepare(&vgpu, uuid, cdev);
	tap_ret(opened_start(&vgpu, uuid), 0, "open before FILE_ADD");
	kvmvm_make(&vm);
	tap_ret(kvmvm_add(&vm, &vgpu), 0, "FILE_ADD");
	tap_ret(kvmvm_add(&vm, &vgpu), -EEXIST, "FILE_ADD again");
	tap_is(tied(), 'n', "it comes too late: the vGPU is tied to none");
	kvmvm_close(&vm);
	tap_ok(kvmvm_ends(&vm), "the VM ends with its files");
	opened_close(&vgpu);
}

static void test_del(void)
{
	struct opened vgpu;
	struct kvmvm vm;

	make_tied(&vm, &vgpu);
	tap_ret(kvmvm_del(&vm, &vgpu), 0, "FILE_DEL before the open");
	tap_ret(kvmvm_del(&vm, &vgpu), -ENOENT, "FILE_DEL again");
	tap_ret(opened_start(&vgpu, uuid), 0, "open");
	tap_is(tied(), 'n', "the vGPU is tied to none");
	opened_close(&vgpu);
	kvmvm_close(&vm);
	tap_ok(kvmvm_ends(&vm), "the VM ends with its files");

	make_tied(&vm, &vgpu);
	tap_ret(opened_start(&vgpu, uuid), 0, "open");
	tap_ret(kvmvm_del(&vm, &vgpu), 0, "FILE_DEL while it is open");
	tap_is(tied(), 't', "the vGPU stays tied");
	kvmvm_close(&vm);
	tap_ok(kvmvm_exists(&vm), "and the VM stays");
	opened_close(&vgpu);
	tap_ok(kvmvm_ends(&vm), "until the device is closed");
}

/* One group in two VMs: what counts is who was last when the device is opened. */
static void test_two_vms(void)
{
	struct kvmvm first, second;
	struct opened vgpu;

	make_tied(&first, &vgpu);
	kvmvm_make(&second);
	tap_ret(kvmvm_add(&second, &vgpu), 0, "FILE_ADD to a second VM");
	tap_ret(opened_start(&vgpu, uuid), 0, "open");
	kvmvm_close(&first);
	tap_ok(kvmvm_ends(&first), "the first VM is not held");
	kvmvm_close(&second);
	tap_ok(kvmvm_exists(&second), "the second is");
	opened_close(&vgpu);
	tap_ok(kvmvm_ends(&second), "until the device is closed");
}

/* Only a group can open its device twice. */
static void test_opened_twice(void)
{
	struct opened vgpu, again;
	struct kvmvm vm;

	make_tied(&vm, &vgpu);
	again = vgpu;
	tap_ret(opened_start(&vgpu, uuid), 0, "open");
	tap_ret(opened_start(&again, uuid), 0, "open a second time");
	kvmvm_close(&vm);
	opened_stop(&vgpu);
	tap_is(tied(), 't', "the first close leaves the vGPU tied");
	tap_ok(kvmvm_exists(&vm), "and the VM there");
	opened_stop(&again);
	tap_ok(kvmvm_ends(&vm), "the last ends it");
	opened_close(&vgpu);
}

/* In a child: opens all, tells the parent which VM it is, and dies with it. */
static void open_and_die(int tell)
{
	struct opened vgpu;
	struct kvmvm vm;

	opened_prepare(&vgpu, uuid, cdev);
	kvmvm_make(&vm);
	if (kvmvm_add(&vm, &vgpu) || opened_start(&vgpu, uuid) ||
	    write(tell, &vm, sizeof(vm)) != sizeof(vm))
		_exit(1);
	raise(SIGKILL);
}

static void test_killed(void)
{
	struct kvmvm vm;
	int status, pipes[2];
	pid_t pid;

	if (pipe(pipes))
		tap_bail("no pipe");
	pid = fork();
	if (!pid)
		open_and_die(pipes[1]);
	waitpid(pid, &status, 0);
	tap_ok(WIFSIGNALED(status) && read(pipes[0], &vm, sizeof(vm)) == sizeof(vm),
	       "a user dies with VM and device open");
	tap_ok(kvmvm_ends(&vm), "the VM ends");
	tap_is(tied(), 'c', "the vGPU is closed");
	close(pipes[0]);
	close(pipes[1]);
}

static void test_needs_kvm(void)
{
	struct opened vgpu;
	struct kvmvm vm;

	opened_prepare(&vgpu, uuid, cdev);
	tap_ret(opened_start(&vgpu, uuid), -ESRCH, "open a vGPU for KVM guests without a VM");
	opened_stop(&vgpu);
	tap_is(tied(), 'c', "it stays closed");
	kvmvm_make(&vm);
	tap_ret(kvmvm_add(&vm, &vgpu), 0, "FILE_ADD");
	tap_ret(opened_start(&vgpu, uuid), 0, "open with a VM");
	tap_is(tied(), 't', "it is tied to the VM");
	kvmvm_close(&vm);
	tap_ok(kvmvm_exists(&vm), "which it holds");
	opened_close(&vgpu);
	tap_ok(kvmvm_ends(&vm), "until it is closed");
}

struct race {
	struct opened told;	/* what KVM is told of */
	struct kvmvm fixed;	/* a VM that is told of it again and again, and stays */
	atomic_bool stop;
	unsigned int opens;
	unsigned int refused;
	unsigned int errors;
};

/*
 * On the cdev path a device is opened once for each file.  So it is another one each time, and
 * cannot be opened while KVM has not let go of the last one.
 */
static void *race_open(void *arg)
{
	const int refusal = cdev ? -EINVAL : 0;
	struct race *race = arg;
	struct opened vgpu = race->told;
	int ret;

	while (!atomic_load(&race->stop)) {
		if (cdev) {
			opened_prepare(&vgpu, uuid, true);
			race->told.file = vgpu.file;
		}
		ret = opened_start(&vgpu, uuid);
		race->opens += !ret;
		race->refused += ret == -ESRCH;
		race->errors += ret && ret != -ESRCH && ret != refusal;
		if (cdev)
			opened_close(&vgpu);
		else
			opened_stop(&vgpu);
	}
	return NULL;
}

static void *race_add(void *arg)
{
	struct race *race = arg;
	struct opened told = {};

	while (!atomic_load(&race->stop)) {
		told.file = dup(race->told.file);
		kvmvm_add(&race->fixed, &told);
		kvmvm_del(&race->fixed, &told);
		close(told.file);
	}
	return NULL;
}

static void test_race(const char *type)
{
	struct race race = { .told.file = -1 };
	pthread_t opener, adder;
	struct kvmvm vm;
	unsigned int i;

	if (!cdev)
		opened_prepare(&race.told, uuid, false);
	kvmvm_make(&race.fixed);
	if (pthread_create(&opener, NULL, race_open, &race) ||
	    pthread_create(&adder, NULL, race_add, &race))
		tap_bail("cannot make threads");
	for (i = 0; i < RACE_VMS; i++) {
		kvmvm_make(&vm);
		race.errors += kvmvm_add(&vm, &race.told) && !cdev;
		kvmvm_close(&vm);
	}
	atomic_store(&race.stop, true);
	pthread_join(opener, NULL);
	pthread_join(adder, NULL);
	tap_is(race.errors, 0, "%s: open and close against add, delete and the end of %u VMs", type,
	       RACE_VMS);
	tap_diag("%u opens, %u without a VM refused", race.opens, race.refused);
	tap_ok(race.opens > 0, "it was open meanwhile");
	tap_ok(kvmvm_exists(&race.fixed), "no VM has lost a reference");
	kvmvm_close(&race.fixed);
	tap_ok(kvmvm_ends(&race.fixed) && kvmvm_ends(&vm), "no VM is left");
	tap_is(tied(), 'c', "the vGPU is closed");
	if (!cdev)
		opened_close(&race.told);
}

static void test_turns(void)
{
	use_type(ANY_TYPE);
	test_without_vm();
	test_outlives();
	test_opened_before();
	test_del();
	test_two_vms();
	if (!cdev)
		test_opened_twice();
	test_killed();
	done_with_type();

	use_type(KVM_TYPE);
	test_needs_kvm();
	done_with_type();
}

static void test_races(void)
{
	use_type(ANY_TYPE);
	test_race(ANY_TYPE);
	done_with_type();

	use_type(KVM_TYPE);
	test_race(KVM_TYPE);
	done_with_type();
}

int main(int argc, char **argv)
{
	if (argc != 3)
		tap_bail("which path, which tests?");
	cdev = !strcmp(argv[1], "cdev");
	if (access("/dev/kvm", F_OK))
		tap_skip_all("there is no KVM");
	if (cdev && access("/dev/iommu", F_OK))
		tap_skip_all("there is no iommufd");

	if (strcmp(argv[2], "races"))
		test_turns();
	else
		test_races();
	return tap_done();
}

"""Running one command and measuring it; figures as minimum, median and maximum."""
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TIME = shutil.which('time')


class Failed(Exception):
    pass


def progress(words):
    print('  ' + words, file=sys.stderr, flush=True)


def wall_clock(moment):
    """A moment of time.monotonic() in seconds since 1970."""
    return moment + time.time() - time.monotonic()


class Run:
    """One finished command: seconds, peak memory in MiB, exit code, output, the moments it began and ended, and `marked`:
    when the first line of standard error that holds `mark` was read."""

    def __init__(self, command, timeout=120, check=True, env=None, cwd=None, input=None, mark=None):
        self.marked, lines, reader = None, [], None
        # Through time(1), because a child's ru_maxrss also counts the memory of the process that forked it: here, Python's.
        with tempfile.NamedTemporaryFile('r') as rusage, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            self.began = time.monotonic()
            child = subprocess.Popen([TIME, '--quiet', '--format=%M', '--output=' + rusage.name] + list(command),
                                     stdin=subprocess.DEVNULL if input is None else input, stdout=out,
                                     stderr=err if mark is None else subprocess.PIPE,
                                     env=dict(os.environ, **(env or {})), cwd=cwd, start_new_session=True)
            if mark is not None:
                reader = threading.Thread(target=self.read, args=(child.stderr, mark, lines))
                reader.start()
            try:
                self.code = child.wait(timeout)
            except BaseException:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                raise
            self.ended = time.monotonic()
            if reader:
                reader.join()
                child.stderr.close()
                err.write(b''.join(lines))
            self.seconds = self.ended - self.began
            self.memory = int(rusage.read().split()[-1]) / 1024
            out.seek(0), err.seek(0)
            self.out, self.err = out.read().decode(errors='replace'), err.read().decode(errors='replace')
        if check and self.code != 0:
            raise Failed('%s ended with %d:\n%s%s' % (' '.join(command[:4]), self.code, self.out[-2000:], self.err[-2000:]))

    def read(self, stream, mark, lines):
        for line in stream:
            if self.marked is None and mark in line:
                self.marked = time.monotonic()
            lines.append(line)


class Figure:
    """What several runs of one thing gave."""

    def __init__(self, seconds, memory=None, note=None):
        self.seconds, self.memory, self.note = list(seconds), memory, note

    @classmethod
    def of(cls, runs, note=None):
        return cls([r.seconds for r in runs], max(r.memory for r in runs), note)

    @property
    def median(self):
        return statistics.median(self.seconds)

    def __str__(self):
        def words(s):
            return '%.1f ms' % (s * 1000) if s < 0.1 else '%.0f ms' % (s * 1000) if s < 1 else '%.2f s' % s
        text = words(self.median)
        if len(self.seconds) > 1:
            text += ' (%s – %s)' % (words(min(self.seconds)), words(max(self.seconds)))
        if self.memory:
            text += ', %.0f MiB' % self.memory
        return text + (', ' + self.note if self.note else '')


class Row:
    """One line of the table. `budget` is the design's; `verdict` says whether it is met: a function of the figures."""

    def __init__(self, what, budget, descry=None, peers=None, verdict=None):
        self.what, self.budget, self.descry, self.peers = what, budget, descry, peers or {}
        self.met = None if descry is None or verdict is None else bool(verdict())

    def ratios(self):
        # Below what two clocks on one machine tell apart, a ratio would be a number without a meaning.
        if not isinstance(self.descry, Figure) or self.descry.median < 0.005:
            return {}
        return {name: peer.median / self.descry.median for name, peer in self.peers.items() if isinstance(peer, Figure)}


def quiet(limit=10.0):
    """Waits until the machine has been nine tenths idle for a quarter of a second, so that nobody is measured on the
    work that another left behind; after `limit` seconds it goes on all the same."""
    def spent():
        with open('/proc/stat') as file:
            fields = [int(v) for v in file.readline().split()[1:]]
        return sum(fields), fields[3] + fields[4]
    end = time.monotonic() + limit
    while time.monotonic() < end:
        before = spent()
        time.sleep(0.25)
        after = spent()
        if after[1] - before[1] >= 0.9 * (after[0] - before[0]):
            return


def repeat(times, make):
    def once():
        quiet()
        return make()
    return [once() for _ in range(times)]

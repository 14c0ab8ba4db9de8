"""An hour of `descry run` under commits, rivals and failing versions: whether memory and open files stay flat."""
import random
import statistics
import time

import cluster as clusters
from loop import Branches, Loop, account, namespaces
from measure import Failed, Row, progress
from setting import descriptor, image

ENVIRONMENTS, APPS = 20, 5
HISTORY = 100        # the most that Descry keeps


class Soak:
    def __init__(self, setting):
        self.setting, self.random = setting, random.Random(20)
        self.names = ['S%02d' % i for i in range(ENVIRONMENTS)]
        self.spaces = {n: 'bench-soak-' + n.lower() for n in self.names}
        self.apps = ['app-%d' % i for i in range(APPS)]
        token, self.branches = account(setting, 'bench-soak'), Branches(setting, 'soak')
        number = setting.next()
        namespaces(setting, 'bench-soak', self.spaces.values(), self.apps, number, replicas=1)
        self.wanted = {n: number for n in self.names}
        self.branches.commit({n: descriptor(self.apps, number) for n in self.names})
        self.loop = Loop(setting)
        for name in self.names:
            self.loop.add(name, self.spaces[name], token, self.branches)
        self.commits = self.rivals = self.failures = 0

    def commit(self):
        """New versions of some environments; one in ten cannot be pulled, and the next commit mends it."""
        chosen = self.random.sample(self.names, self.random.randint(1, 4))
        number, contents = self.setting.next(), {}
        for name in chosen:
            bad = self.random.sample(self.apps, 1) if self.random.random() < 0.1 else []
            self.failures += len(bad)
            self.wanted[name] = None if bad else number
            contents[name] = descriptor(self.apps, number, bad)
        self.branches.commit(contents)
        self.commits += len(chosen)
        self.loop.hook(self.branches, chosen[0])

    def rival(self):
        name, app = self.random.choice(self.names), self.random.choice(self.apps)
        self.setting.cluster.call(
            'PATCH', clusters.Namespace(self.setting.cluster, self.spaces[name]).sets + '/' + app,
            {'spec': {'template': {'spec': {'containers': [{'name': app, 'image': image(app, 0)}]}}}},
            'application/strategic-merge-patch+json')
        self.rivals += 1

    def deploy(self):
        """One good commit for everybody, and that it is deployed everywhere; its number."""
        number = self.setting.next()
        self.branches.commit({n: descriptor(self.apps, number) for n in self.names})
        before = time.time()
        self.loop.hook(self.branches, self.names[0])
        self.loop.wait(self.loop.succeeded(before), 300, interval=0.5)
        return number

    def settle(self):
        """One more commit; then every workload has to be at it."""
        number = self.deploy()
        for name in self.names:
            sets = self.setting.cluster.call('GET', clusters.Namespace(self.setting.cluster, self.spaces[name]).sets)['items']
            for found in sets:
                app = found['metadata']['name']
                if found['spec']['template']['spec']['containers'][0]['image'] != image(app, number):
                    raise Failed('%s/%s does not run what its branch says' % (name, app))


def soak(setting):
    what = 'an hour of descry run' if setting.minutes == 60 else '%d minutes of descry run' % setting.minutes
    budget = 'memory and open files flat'
    if not setting.descry:
        return [Row(what, budget)]
    run = Soak(setting)
    run.loop.start(timeout=300)
    try:
        # As after the first weeks: a pass has the history at hand, which grows up to so many deployments.
        for _ in range(HISTORY):
            run.deploy()
        progress('each environment has a history of %d deployments: %.1f MiB' % (HISTORY, run.loop.memory()[0]))
        samples, end, shown = [], time.monotonic() + setting.minutes * 60, 0
        while time.monotonic() < end:
            run.commit()
            if run.random.random() < 0.3:
                run.rival()
            time.sleep(run.random.uniform(1, 5))
            samples.append((run.loop.memory()[0], run.loop.descriptors()))
            if time.monotonic() > shown + 60:
                shown = time.monotonic()
                progress('%.0f min left: %.1f MiB, %d open files, %d commits, %d rivals, %d bad versions' % (
                    (end - shown) / 60, *samples[-1], run.commits, run.rivals, run.failures))
        run.settle()
        samples.append((run.loop.memory()[0], run.loop.descriptors()))
    finally:
        run.loop.stop()
    quarter = max(1, len(samples) // 4)
    early, late = samples[quarter:2 * quarter], samples[-quarter:]
    figure = [[statistics.median(s[i] for s in part) for part in (early, late)] for i in (0, 1)]
    words = '%.0f MiB in the second quarter, %.0f in the last; open files %d and %d; %d commits, %d foreign changes, %d bad versions' % (
        *figure[0], *figure[1], run.commits, run.rivals, run.failures)
    return [Row(what, budget, words, {}, lambda: figure[0][1] <= 1.1 * figure[0][0] and figure[1][1] <= 1.1 * figure[1][0] + 2)]

"""A build that writes its version into the descriptor: `descry set` beside clone, sed, commit and push with git."""
import json
import os
import subprocess
import time

from gitserver import Repository
from measure import Failed, Figure, Row, Run, progress, quiet, repeat
from setting import descriptor, version

SCRIPT = '''set -e
git clone --quiet $DEPTH --branch DEV "$REPOSITORY" "$WORK/clone"
cd "$WORK/clone"
tries=0
while :; do
  tries=$((tries + 1))
  sed -i "/name: $APP\\$/{n;s/version: .*/version: $VERSION/}" deploy-descriptor.yaml
  git -c user.name=build -c user.email=build@example.org commit --quiet --message "$APP $VERSION" deploy-descriptor.yaml
  if git push --quiet origin HEAD:DEV 2>/dev/null; then echo "$tries"; exit 0; fi
  git fetch --quiet $DEPTH origin DEV
  git reset --quiet --hard FETCH_HEAD
done
'''


class Builds:
    """Builds of the apps of one repository, each with a clone or a cache of its own."""

    def __init__(self, setting, repository, names):
        self.setting, self.repository, self.names = setting, repository, names
        self.number = 1

    def next(self):
        self.number += 1
        return version(self.number)

    def descry(self, app, text):
        return [self.setting.descry, 'set', 'DEV', '%s=%s' % (app, text), '--repository', self.repository.url,
                '--cache', self.setting.temporary(), '-o', 'json', '--author', 'build <build@example.org>'], {}

    def git(self, depth):
        def command(app, text):
            return ['bash', '-c', SCRIPT], {'DEPTH': depth, 'REPOSITORY': self.repository.url, 'APP': app, 'VERSION': text,
                                            'WORK': self.setting.temporary()}
        return command

    def one(self, make):
        command, env = make(self.names[0], self.next())
        return Run(command, env=env)

    def all(self, make, tries):
        """All apps at once: wall time of the whole, and the tries of all together."""
        text = self.next()
        commands = [make(name, text) for name in self.names]
        before = self.commits()
        quiet()
        began = time.monotonic()
        children = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     env=dict(os.environ, **env)) for command, env in commands]
        outputs = [child.communicate(timeout=600) for child in children]
        seconds = time.monotonic() - began
        for child, (_, err) in zip(children, outputs):
            if child.returncode:
                raise Failed('a build ended with %d: %s' % (child.returncode, err.decode(errors='replace')[-2000:]))
        if self.commits() - before != len(self.names):
            raise Failed('%d commits of %d builds' % (self.commits() - before, len(self.names)))
        return seconds, sum(tries(out.decode()) for out, _ in outputs)

    def commits(self):
        return int(subprocess.check_output(['git', '-C', self.repository.path, 'rev-list', '--count', 'DEV']))


def set_versions(setting):
    repository = Repository(setting.server, 'twenty-thousand')
    names = ['app-%02d' % i for i in range(50)]
    repository.commit(descriptor(names, 1), count=20000, filler=100)
    subprocess.run(['git', '-C', repository.path, 'config', 'http.receivepack', 'true'], check=True)
    builds = Builds(setting, repository, names)
    kinds = {'clone, sed, commit, push': builds.git(''), 'the same with --depth 1': builds.git('--depth 1')}
    peers = {name: Figure.of(repeat(setting.rounds, lambda make=make: builds.one(make))) for name, make in kinds.items()}
    figure = Figure.of(repeat(setting.rounds, lambda: builds.one(builds.descry))) if setting.descry else None
    cold = Row('set one version from cold, 20,000 commits, HTTP', '≥ 5 × faster than clone, sed, commit, push', figure, peers,
               lambda: 5 * figure.median <= peers['clone, sed, commit, push'].median)

    def parallel(make, tries):
        found = []
        for round in range(setting.rounds):
            found.append(builds.all(make, tries))
            progress('50 at once, round %d: %.1f s, %d tries' % ((round + 1,) + found[-1]))
        return Figure([s for s, _ in found], note='%d tries of all together' % sorted(t for _, t in found)[len(found) // 2])

    shallow = parallel(kinds['the same with --depth 1'], int)
    own = parallel(builds.descry, lambda out: json.loads(out)['attempts']) if setting.descry else None
    return [cold, Row('50 builds at once set a version each, all land', '–', own, {'clone --depth 1, sed, commit, push': shallow})]

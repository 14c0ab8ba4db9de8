"""The table, for a terminal and as docs/performance.md."""
import datetime
import os
import platform
import re
import subprocess


def first_line(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else ''


def machine(setting):
    """What the figures depend on: (name, value) in the order to print."""
    def field(path, pattern, default='?'):
        with open(path) as file:
            found = re.search(pattern, file.read(), re.M)
        return found.group(1).strip() if found else default
    memory = int(field('/proc/meminfo', r'^MemTotal:\s+(\d+)')) / 1024 / 1024
    facts = [('Processor', '%s, %d cores' % (field('/proc/cpuinfo', r'^model name\s*:\s*(.*)', platform.machine()), os.cpu_count())),
             ('Memory', '%.0f GiB' % memory),
             ('System', '%s, Linux %s' % (field('/etc/os-release', r'^PRETTY_NAME="?([^"\n]*)'), platform.release())),
             ('API server', 'Kubernetes ' + setting.cluster.call('GET', '/version')['gitVersion'] + ', nodes simulated, etcd without fsync'),
             ('git', first_line('git', '--version')), ('curl', first_line('curl', '--version').split(' (')[0]),
             ('kubectl', first_line(setting.kubectl, 'version', '--client').replace('Client Version: ', ''))]
    if setting.helm:
        facts.append(('Helm', first_line(setting.helm, 'version', '--short')))
    if setting.descry:
        facts.append(('Descry', first_line(setting.descry, '--version')))
    facts.append(('Date', datetime.date.today().isoformat()))
    return facts


def verdict(row):
    return '–' if row.met is None else 'yes' if row.met else '**no**'


def text(rows, facts):
    lines = ['%-10s  %s' % fact for fact in facts] + ['']
    for row in rows:
        lines.append('%s   [budget: %s; met: %s]' % (row.what, row.budget, verdict(row).strip('*')))
        if row.descry is not None:
            lines.append('    %-46s %s' % ('descry', row.descry))
        ratios = row.ratios()
        for name, figure in row.peers.items():
            lines.append('    %-46s %s%s' % (name, figure, '   = %.1f × descry' % ratios[name] if name in ratios else ''))
    return '\n'.join(lines)


SOAK = '\n## Soak\n'


def soak(rows, facts):
    """The section of what takes too long to be part of each run."""
    named = dict(facts)
    lines = [SOAK, 'By `Benchmarks/run --only soak` on %s, with %s, on %s: 20 environments of 5 StatefulSets with a pod each. Every 1 to 5'
             % (named['Date'], 'Descry ' + named['Descry'], 'Kubernetes ' + named['API server'].split(',')[0]),
             'seconds 1 to 4 of them get a commit, one in ten with an image that cannot be pulled, and three times in ten somebody else',
             'changes a workload. In the end every workload runs what its branch says.', '', '| what | budget | Descry | met |', '| --- | --- | --- | --- |']
    lines += ['| %s | %s | %s | %s |' % (row.what, row.budget, row.descry, verdict(row)) for row in rows]
    return '\n'.join(lines) + '\n'


def parts(path):
    """What is written already: (the table, the section of the soak)."""
    if not os.path.exists(path):
        return '', ''
    with open(path) as file:
        table, mark, section = file.read().partition(SOAK)
    return table, mark + section


def markdown(rows, facts, rounds, helm_rollbacks):
    lines = ['# Performance', '', 'Written by `make bench`; do not edit. Descry and its peers did the same work in the same run, on the same',
             'API server: median of %d runs (minimum – maximum), then the highest peak memory. “×” is the peer\'s median over' % rounds,
             'Descry\'s: above 1, Descry is faster.', '', '| machine | |', '| --- | --- |']
    lines += ['| %s | %s |' % fact for fact in facts]
    lines += ['', '| what | budget | Descry | met | peers |', '| --- | --- | --- | --- | --- |']
    for row in rows:
        ratios = row.ratios()
        peers = '<br>'.join('%s: %s%s' % (n, f, ' (**%.1f ×**)' % ratios[n] if n in ratios else '') for n, f in row.peers.items())
        lines.append('| %s | %s | %s | %s | %s |' % (row.what, row.budget, row.descry, verdict(row), peers))
    lines += ['', 'The git rows are told from the git server\'s access log for both sides, from the first request\'s beginning to the last',
              'answer\'s end, so that start-up does not count; the memory is that of the whole command.', '',
              'The rows of the bad image begin when the API server gets the first bad status of the pod from its node, and the first',
              'patch of the rollback is when it gets that one, both by its audit log; all is proven back when the command has ended.',
              'Descry has the rights that `descry rbac` prints. Helm\'s rollback was measured %s.' % (
                  {0: 'not', 1: 'once'}.get(helm_rollbacks) or '%d times' % helm_rollbacks), '']
    return '\n'.join(lines)

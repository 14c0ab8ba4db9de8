"""What the scenarios share: versions and descriptors, Descry's command, and Helm with a chart of the same StatefulSets."""
import os
import tempfile

import cluster as clusters
from measure import Run

REGISTRY = 'registry.example.org/shop'
# The account that `descry rbac DEV` makes.
DEPLOYER = 'descry-dev'


def version(number, bad=False):
    return '1.0.%d-rc-%s%033d' % (number, 'bad0001' if bad else 'c0ffee0', number)


def image(name, number, bad=False):
    return '%s/%s:%s' % (REGISTRY, name, version(number, bad))


def descriptor(names, number, bad=()):
    return 'apps:\n' + ''.join('  - name: %s\n    version: %s\n' % (n, version(number, n in bad)) for n in names)


class Setting:
    """What all scenarios share."""

    def __init__(self, descry, kubectl, helm, cluster, server, repository, directory, rounds, helm_rollbacks, minutes):
        self.descry, self.kubectl, self.helm = descry, kubectl, helm
        self.cluster, self.server, self.repository, self.directory = cluster, server, repository, directory
        self.rounds, self.helm_rollbacks, self.minutes = rounds, helm_rollbacks, minutes
        self.number = 0

    def next(self):
        self.number += 1
        return self.number

    def temporary(self):
        return tempfile.mkdtemp(dir=self.directory)

    def environment(self, namespace, token):
        """An environment file for the namespace; returns its path."""
        path = '%s/%s.yaml' % (self.temporary(), self.repository.branch)
        with open(path, 'w') as file:
            file.write('environment: DEV\nrepository: %s\nnamespace: %s\nregistry: %s\nversions: [rc, release]\n'
                       'cluster:\n  server: %s\n  certificateAuthority: %s\n  tokenFile: %s\n'
                       'rollout:\n  timeout: 2m\n' % (self.repository.url, namespace.name, REGISTRY, self.cluster.server,
                                                      self.cluster.authority, token))
        return path

    def granted(self, namespace):
        """An environment file for the namespace, whose account DEPLOYER has what `descry rbac` prints; returns its path."""
        environment = self.environment(namespace, namespace.token_path(DEPLOYER))
        printed = Run([self.descry, 'rbac', 'DEV', '--environment-file', environment]).out
        with tempfile.TemporaryFile() as manifests:
            manifests.write(printed.encode())
            manifests.seek(0)
            Run([self.kubectl, '--kubeconfig', self.cluster.kubeconfig, 'apply', '--filename', '-'], input=manifests)
        namespace.access(DEPLOYER)
        return environment

    def apply(self, environment, *more, cache=None, **options):
        return Run([self.descry, 'apply', 'DEV', '--environment-file', environment, '--cache', cache or self.temporary(),
                    '-o', 'json', *more], **options)


class Helm:
    """A chart with the same StatefulSets, in a namespace of its own."""

    def __init__(self, setting, names, namespace):
        self.setting, self.names, self.namespace = setting, names, setting.cluster.namespace(namespace)
        _, self.kubeconfig = self.namespace.account('helm', clusters.HELM_RULES)
        self.chart = setting.temporary()
        os.mkdir(self.chart + '/templates')
        with open(self.chart + '/Chart.yaml', 'w') as file:
            file.write('apiVersion: v2\nname: shop\nversion: 0.1.0\n')
        with open(self.chart + '/templates/apps.yaml', 'w') as file:
            file.write('''{{- range .Values.apps }}
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: {{ .name }}}
spec:
  serviceName: {{ .name }}
  replicas: 1
  selector: {matchLabels: {app: {{ .name }}}}
  template:
    metadata: {labels: {app: {{ .name }}}}
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: {{ .name }}, image: "{{ .image }}"}]}
---
{{- end }}
''')
        self.watch = self.namespace.watch()
        number = setting.next()
        self.upgrade(number)
        self.settle(number)

    def upgrade(self, number, *more, bad=(), **options):
        values = self.setting.temporary() + '/values.yaml'
        with open(values, 'w') as file:
            file.write('apps:\n' + ''.join('- {name: %s, image: "%s"}\n' % (n, image(n, number, n in bad)) for n in self.names))
        home = self.setting.temporary()
        return Run([self.setting.helm, 'upgrade', '--install', 'shop', self.chart, '--kubeconfig', self.kubeconfig,
                    '--namespace', self.namespace.name, '--values', values, *more], timeout=300,
                   env={'HELM_CACHE_HOME': home, 'HELM_CONFIG_HOME': home, 'HELM_DATA_HOME': home, 'HOME': home}, **options)

    def settle(self, number):
        return self.watch.complete({n: image(n, number) for n in self.names})

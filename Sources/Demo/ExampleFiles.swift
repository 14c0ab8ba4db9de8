/// The files of `environments/` that the demo starts from, so that the binary needs no folder beside it. A test holds them
/// to the files.
package enum ExampleFiles {
    /// An environment of the example.
    package struct Example: Sendable {
        package let name: String
        /// `environments/NAME.yaml`
        package let environment: String
        /// `environments/descriptors/NAME/deploy-descriptor.yaml`
        package let descriptor: String
    }

    package static let all = [
        Example(
            name: "DEV",
            environment: """
                # How Descry deploys to DEV. Fields: docs/environment.md
                environment: DEV
                repository: https://git.example.com/shop/deployments.git
                namespace: shop-dev
                registry: nexus.example.com:32554/shop
                versions: [rc, release]
                rollout: {timeout: 5m, onFailure: stop}

                """,
            descriptor: """
                # The file deploy-descriptor.yaml on the branch DEV of the deployment repository. Fields: docs/descriptor.md
                apps:
                  - name: moneyclou-backend
                    version: 1.2.0-rc-020c8bb63785074bc3702c003333852fc8d9a343
                  - name: moneyclou-frontend
                    version: 1.3.0-rc-9f3c1d07c2b64b0f8e0d1a5c7e9b2f4a6c8d0e12
                    after: [moneyclou-backend]

                """),
        Example(
            name: "STAGE",
            environment: """
                # How Descry deploys to STAGE. Fields: docs/environment.md
                environment: STAGE
                repository: https://git.example.com/shop/deployments.git
                namespace: shop-stage
                registry: nexus.example.com:32554/shop
                versions: [rc, release]
                rollout: {timeout: 10m, onFailure: rollback}

                """,
            descriptor: """
                # The file deploy-descriptor.yaml on the branch STAGE of the deployment repository. Fields: docs/descriptor.md
                apps:
                  - name: moneyclou-backend
                    version: 1.1.0-rc-77ab0c5d2e9f4816b3d7c0a9e8f1b2c3d4e5f607
                  - name: moneyclou-frontend
                    version: 1.2.0-release-1b4f7a9d0c3e6528f7b9d1c3a5e7f90214365879
                    after: [moneyclou-backend]
                    timeout: 5m

                """),
        Example(
            name: "LIVE",
            environment: """
                # How Descry deploys to LIVE. Fields: docs/environment.md
                environment: LIVE
                repository: https://git.example.com/shop/deployments.git
                namespace: shop-live
                registry: nexus.example.com:32554/shop
                versions: [release]
                rollout: {timeout: 10m, onFailure: rollback}
                drift: correct

                """,
            descriptor: """
                # The file deploy-descriptor.yaml on the branch LIVE of the deployment repository. Fields: docs/descriptor.md
                apps:
                  - name: moneyclou-backend
                    version: 1.1.0-release-5e2d8c7b6a4f30918273645564738291a0b1c2d3
                  - name: moneyclou-frontend
                    version: 1.2.0-release-1b4f7a9d0c3e6528f7b9d1c3a5e7f90214365879
                    after: [moneyclou-backend]
                    timeout: 15m

                """),
    ]
}

extension Requirement {
    public static let git = Requirement("a git repository to test with", programs: ["git"], package: "git")
    public static let httpServer = Requirement(
        "git over HTTP and HTTPS", programs: ["git", "nginx", "fcgiwrap", "openssl"],
        package: "git, nginx-light, fcgiwrap and openssl")
    public static let sshServer = Requirement(
        "git over SSH", programs: ["git", "ssh", "sshd", "ssh-keygen"],
        package: "git, openssh-client and openssh-server")
    public static let gitDaemon = Requirement("git over git://", programs: ["git"], package: "git")
}

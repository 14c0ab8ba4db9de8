extension Requirement {
    public static let git = Requirement("a git repository to test with", programs: ["git"], package: "git")
    public static let httpServer = Requirement(
        "git over HTTP and HTTPS", programs: ["git", "nginx", "fcgiwrap", "openssl"],
        package: "git, nginx-light, fcgiwrap and openssl")
    public static let sshServer = Requirement(
        "git over SSH", programs: ["git", "ssh", "sshd", "ssh-keygen"],
        package: "git, openssh-client and openssh-server")
    public static let sshKeys = Requirement(
        "SSH signatures to compare with", programs: ["ssh-keygen", "openssl"], package: "openssh-client and openssl")
    public static let sshAgent = Requirement(
        "an ssh-agent", programs: ["ssh-agent", "ssh-add", "ssh-keygen"], package: "openssh-client")
    public static let signedCommits = Requirement(
        "commits signed by SSH keys", programs: ["git", "ssh-keygen"], package: "git and openssh-client")
    public static let gpg = Requirement("commits signed by gpg", programs: ["git", "gpg"], package: "git and gnupg")
    public static let gitDaemon = Requirement("git over git://", programs: ["git"], package: "git")
}

/// What the secrets that tests plant have in them, so that one search finds any of them in whatever was printed, whichever test planted it and
/// whether or not that test looks for it: `scripts/planted-secrets`, which reads the marker from here.
public enum PlantedSecret {
    public static let marker = "pl4nted-s3cret-of-the-tests"
}

using PemHa.Engine;
using PemHa.Engine.Linux;
using PemHa.Engine.State;

namespace PemHa.Tests.Linux;

/// <summary>CRB and EPEL under their names in every member of the RHEL family (B7).</summary>
public class ExtraRepositoriesTests
{
    const string Fedora = "dnf -qy install https://dl.fedoraproject.org/pub/epel/epel-release-latest-";

    [Theory]
    // On premises and Satellite.
    [InlineData(
        "rhel",
        "8",
        "codeready-builder-for-rhel-8-x86_64-rpms",
        "subscription-manager repos --enable codeready-builder-for-rhel-8-x86_64-rpms",
        Fedora + "8.noarch.rpm")]
    [InlineData(
        "rhel",
        "9",
        "codeready-builder-for-rhel-9-x86_64-rpms",
        "subscription-manager repos --enable codeready-builder-for-rhel-9-x86_64-rpms",
        Fedora + "9.noarch.rpm")]
    [InlineData(
        "rhel",
        "10",
        "codeready-builder-for-rhel-10-x86_64-rpms",
        "subscription-manager repos --enable codeready-builder-for-rhel-10-x86_64-rpms",
        Fedora + "10.noarch.rpm")]
    [InlineData(
        "rhel",
        "9",
        "codeready-builder-for-rhel-9-x86_64-eus-rpms",
        "subscription-manager repos --enable codeready-builder-for-rhel-9-x86_64-eus-rpms",
        Fedora + "9.noarch.rpm")]
    // Images of AWS, Azure and Google.
    [InlineData(
        "rhel",
        "8",
        "codeready-builder-for-rhel-8-rhui-rpms",
        "dnf -q config-manager --set-enabled codeready-builder-for-rhel-8-rhui-rpms",
        Fedora + "8.noarch.rpm")]
    [InlineData(
        "rhel",
        "9",
        "codeready-builder-for-rhel-9-rhui-rpms",
        "dnf -q config-manager --set-enabled codeready-builder-for-rhel-9-rhui-rpms",
        Fedora + "9.noarch.rpm")]
    [InlineData(
        "rhel",
        "10",
        "codeready-builder-for-rhel-10-rhui-rpms",
        "dnf -q config-manager --set-enabled codeready-builder-for-rhel-10-rhui-rpms",
        Fedora + "10.noarch.rpm")]
    [InlineData(
        "rhel",
        "9",
        "codeready-builder-for-rhel-9-x86_64-rhui-rpms",
        "dnf -q config-manager --set-enabled codeready-builder-for-rhel-9-x86_64-rhui-rpms",
        Fedora + "9.noarch.rpm")]
    [InlineData(
        "rhel",
        "9",
        "codeready-builder-for-rhel-9-x86_64-eus-rhui-rpms",
        "dnf -q config-manager --set-enabled codeready-builder-for-rhel-9-x86_64-eus-rhui-rpms",
        Fedora + "9.noarch.rpm")]
    [InlineData(
        "rhel",
        "9",
        "rhui-codeready-builder-for-rhel-9-x86_64-rhui-rpms",
        "dnf -q config-manager --set-enabled rhui-codeready-builder-for-rhel-9-x86_64-rhui-rpms",
        Fedora + "9.noarch.rpm")]
    [InlineData(
        "rocky",
        "8",
        "powertools",
        "dnf -q config-manager --set-enabled powertools",
        "dnf -qy install epel-release")]
    [InlineData("rocky", "9", "crb", "dnf -q config-manager --set-enabled crb", "dnf -qy install epel-release")]
    [InlineData("rocky", "10", "crb", "dnf -q config-manager --set-enabled crb", "dnf -qy install epel-release")]
    [InlineData(
        "almalinux",
        "8",
        "powertools",
        "dnf -q config-manager --set-enabled powertools",
        "dnf -qy install epel-release")]
    [InlineData("almalinux", "9", "crb", "dnf -q config-manager --set-enabled crb", "dnf -qy install epel-release")]
    [InlineData("almalinux", "10", "crb", "dnf -q config-manager --set-enabled crb", "dnf -qy install epel-release")]
    [InlineData("centos", "9", "crb", "dnf -q config-manager --set-enabled crb", "dnf -qy install epel-release")]
    [InlineData("centos", "10", "crb", "dnf -q config-manager --set-enabled crb", "dnf -qy install epel-release")]
    [InlineData("ol", "8", "ol8_codeready_builder", "dnf -q config-manager --set-enabled ol8_codeready_builder",
        "dnf -qy install oracle-epel-release-el8\ndnf -q config-manager --set-enabled 'ol8_*developer_EPEL'")]
    [InlineData("ol", "9", "ol9_codeready_builder", "dnf -q config-manager --set-enabled ol9_codeready_builder",
        "dnf -qy install oracle-epel-release-el9\ndnf -q config-manager --set-enabled 'ol9_*developer_EPEL'")]
    [InlineData("ol", "10", "ol10_codeready_builder", "dnf -q config-manager --set-enabled ol10_codeready_builder",
        "dnf -qy install oracle-epel-release-el10\ndnf -q config-manager --set-enabled 'ol10_*developer_EPEL'")]
    // A distribution that the table does not name is handled by the repositories that it has.
    [InlineData(
        "circle",
        "8",
        "powertools",
        "dnf -q config-manager --set-enabled powertools",
        "dnf -qy install epel-release")]
    [Spec("P2")]
    public void Each_distribution_has_names_of_its_own(
        string id, string version, string repository, string crb, string epel)
    {
        Assert.Equal(
            $"{crb}\n{epel}", Change(id, version, $"baseos enabled\n{repository} disabled\nepel-testing disabled"));
        // Enabled repositories stay as they are, and so does EPEL under any of its names.
        string[] mirrors =
            ["epel", "Acme_EPEL_EPEL_9", $"ol{version}_developer_EPEL", $"ol{version}_u1_developer_EPEL"];
        foreach (var mirror in mirrors)
            Assert.Null(Change(id, version, $"{repository} enabled\n{mirror} enabled"));
        Assert.Equal(crb, Change(id, version, $"{repository} disabled\nepel enabled"));
    }

    [Fact]
    [Spec("P2")]
    public void Of_two_repositories_the_enabled_one_counts_and_EPEL_that_is_disabled_is_enabled()
    {
        Assert.Equal(
            Fedora + "9.noarch.rpm",
            Change(
                "rhel",
                "9",
                "codeready-builder-for-rhel-9-x86_64-rpms disabled\n"
                    + "codeready-builder-for-rhel-9-x86_64-eus-rpms enabled"));
        Assert.Equal(
            "dnf -q config-manager --set-enabled epel",
            Change("rocky", "9", "crb enabled\nepel disabled\nepel-source disabled", installed: true));
        // When dnf lists nothing, the package alone counts, and dnf reports what is wrong.
        Assert.Equal("dnf -q config-manager --set-enabled crb", Change("rocky", "9", "", installed: true));
    }

    [Theory]
    [InlineData("nine", "x86_64")]
    [InlineData("", "x86_64")]
    [InlineData("9", "x86_64; reboot")]
    [Spec("P2")]
    public void What_goes_into_a_command_has_to_make_sense(string version, string machine)
    {
        var facts = Facts.Of(("id", "rhel"), ("version", version), ("machine", machine));
        var error = Assert.Throws<PemException>(() => new ExtraRepositories().Compare(facts, false));
        Assert.Equal("AnswerUnfit", error.Id);
    }

    static string? Change(string id, string version, string repositories, bool installed = false)
    {
        var facts = Facts.Of(
            ("id", id),
            ("version", version),
            ("machine", "x86_64"),
            ("repositories", repositories),
            ("epel.installed", installed ? "1" : ""));
        return new ExtraRepositories().Compare(facts, false)?.Apply;
    }
}

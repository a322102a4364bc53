using PemHa.Engine.Support;

namespace PemHa.Tests.Support;

/// <summary>No text that looks like a secret gets into a bundle, in any form that files and logs have it.</summary>
public class BundleMaskTests
{
    const string Secret = "cnryQ7wZk2";

    /// <summary>
    /// How a key file begins; assembled here so that a search for keys does not find this file.
    /// </summary>
    const string KeyHeader = "-----BEGIN RSA " + "PRIVATE KEY-----";

    [Theory]
    [InlineData("db.password.encrypted=cnryQ7wZk2", "db.password.encrypted=********")]
    [InlineData(
        "db.password.encrypted : cnryQ7wZk2\\\n   cnryQ7wZk2\nnext=1",
        "db.password.encrypted : ********\nnext=1")]
    [InlineData("script.db.password = with blanks cnryQ7wZk2", "script.db.password = ********")]
    [InlineData("  export PGPASSWORD='cnryQ7wZk2'", "  export PGPASSWORD='********'")]
    [InlineData(
        "Environment=CLUSTER=efm PEM_SERVER_PASSWORD=cnryQ7wZk2 X=1",
        "Environment=CLUSTER=efm PEM_SERVER_PASSWORD=******** X=1")]
    [InlineData("Environment=EFMPASS=cnryQ7wZk2 cnryQ7wZk2", "Environment=EFMPASS=********")]
    [InlineData("PEM_ENC_PAYLOAD=cnryQ7wZk2 configure", "PEM_ENC_PAYLOAD=********")]
    [InlineData(
        "primary_conninfo = 'user=repl password=cnryQ7wZk2 sslmode=require'",
        "primary_conninfo = 'user=repl password=******** sslmode=require'")]
    [InlineData("conninfo: password='cnryQ7wZk2 with \\' quote' host=x", "conninfo: password='********' host=x")]
    [InlineData(
        "{\"user\": \"x\", \"password\": \"cnry\\\"Q7wZk2\", \"n\": 1}",
        "{\"user\": \"x\", \"password\": \"********\", \"n\": 1}")]
    [InlineData(
        "CONFIG_DATABASE_URI = \"postgresql+psycopg://pem:cnryQ7wZk2@h:5444/d\"",
        "CONFIG_DATABASE_URI = \"postgresql+psycopg://********@h:5444/d\"")]
    [InlineData("proxy=http://u:cnry/Q7w@Zk2@proxy:3128", "proxy=http://********@proxy:3128")]
    [InlineData(
        "baseurl=https://downloads.enterprisedb.com/cnryQ7wZk2/enterprise/rpm",
        "baseurl=https://downloads.enterprisedb.com/********/enterprise/rpm")]
    [InlineData(
        "baseurl=https://mirror.lab/x/cnryQ7wZk2abcdefghij1234/rpm/",
        "baseurl=https://mirror.lab/x/********/rpm/")]
    [InlineData("GET https://x.lab/y?token=cnryQ7wZk2&z=1", "GET https://x.lab/y?token=********&z=1")]
    [InlineData("Authorization: Bearer cnryQ7wZk2", "Authorization: Bearer ********")]
    [InlineData(
        "LOG: statement: ALTER ROLE x PASSWORD 'cnryQ7wZk2'' more' VALID UNTIL 'y'",
        "LOG: statement: ALTER ROLE x PASSWORD '********' VALID UNTIL 'y'")]
    [InlineData("ALTER ROLE x PASSWORD $q$cnryQ7wZk2$q$;", "ALTER ROLE x PASSWORD ********;")]
    [InlineData("CREATE USER x IDENTIFIED BY \"cnryQ7wZk2\" y", "CREATE USER x IDENTIFIED BY \"********\" y")]
    [InlineData("rolpassword|SCRAM-SHA-256$4096:cnryQ7wZk2$a:b|t", "rolpassword|SCRAM-SHA-256$********|t")]
    [InlineData("x md50123456789abcdef0123456789abcdef y", "x ******** y")]
    [InlineData(
        "pemworker --register-agent --pem-server-password cnryQ7wZk2 -p 1",
        "pemworker --register-agent --pem-server-password ******** -p 1")]
    [InlineData(
        "a\n-----BEGIN ENCRYPTED PRIVATE KEY-----\ncnryQ7wZk2\ncnryQ7wZk2\n-----END ENCRYPTED PRIVATE KEY-----\nb",
        "a\n-----BEGIN ENCRYPTED PRIVATE KEY----- ********\nb")]
    [InlineData(KeyHeader + "\ncnryQ7wZk2", KeyHeader + " ********")]
    [Spec("P7", "P18")]
    public void A_secret_is_masked_in_the_form_that_it_has(string text, string masked)
    {
        Assert.DoesNotContain(Secret, BundleMask.Common(text), StringComparison.Ordinal);
        Assert.Equal(masked, BundleMask.Common(text));
        // Masking a second time changes nothing more.
        Assert.Equal(masked, BundleMask.Common(masked));
    }

    [Theory]
    [InlineData("password_encryption = scram-sha-256")]
    [InlineData("hostssl all all 10.0.0.0/8 password")]
    [InlineData("efm ALL=(postgres) NOPASSWD: /usr/edb/efm-5.2/bin/efm_db_functions")]
    [InlineData("agent_ssl_key=/root/.pem/agent1.key")]
    [InlineData("primary_conninfo = 'host=172.16.161.200 passfile=/var/lib/edb/.pgpass'")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----")]
    [InlineData("No password was given; the tokens were counted.")]
    [InlineData("baseurl=https://dl.fedoraproject.org/pub/epel/9/Everything/x86_64/")]
    [InlineData("db.user=efm\ndb.port=5444\njdbc.sslmode=require")]
    public void What_says_how_and_not_what_stays(string text) => Assert.Equal(text, BundleMask.Common(text));

    [Fact]
    public void A_repositorys_user_and_the_secret_properties_of_a_topology_are_masked()
    {
        Assert.Equal(
            "[edb]\nusername=********\npassword=********\nenabled=1",
            BundleMask.Repository("[edb]\nusername=cnryQ7wZk2\npassword=cnryQ7wZk2\nenabled=1"));
        Assert.Equal(
            "@{\n    EfmProperty = @{\n        'script.db.password' = '********'\n        'node.timeout' = '9'\n    }\n"
                + "    SecretName = @{\n        'Efm' = 'pem-efm'\n    }\n}\n",
            BundleMask.Topology(
                "@{\n    JournalPath = '/home/me/journal'\n    EfmProperty = @{\n"
                    + "        'script.db.password' = 'cnryQ7wZk2'\n        'node.timeout' = '9'\n    }\n"
                    + "    SecretName = @{\n        'Efm' = 'pem-efm'\n    }\n}\n"));
    }
}

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Post the events of a file (one JSON object a line) to the gateway. Java 11 or later, nothing else.
 *
 * <pre>java Post.java http://127.0.0.1:8081 north-office.key events.ndjson</pre>
 */
public final class Post {
    private static final int TRIES = 10;

    private Post() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        String key = Files.readString(Path.of(args[1])).trim();
        HttpRequest request = HttpRequest.newBuilder(URI.create(args[0] + "/v1/events"))
                .version(HttpClient.Version.HTTP_1_1)
                .timeout(Duration.ofSeconds(60))
                .header("Authorization", "Bearer " + key)
                .header("Content-Type", "application/x-ndjson")
                .POST(HttpRequest.BodyPublishers.ofFile(Path.of(args[2])))
                .build();
        HttpResponse<String> answer = send(HttpClient.newHttpClient(), request);
        System.out.println(answer.body());
        // 202: Kafka has what was accepted; each event that was not has its reason in "results".
        System.exit(answer.statusCode() == 202 && answer.body().contains("\"quarantined\":0,\"refused\":0") ? 0 : 1);
    }

    /** Comes back when the gateway is busy (429, 503) or away: the same events again are harmless. */
    private static HttpResponse<String> send(HttpClient client, HttpRequest request) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            long waitSeconds = attempt;
            try {
                HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
                boolean busy = answer.statusCode() == 429 || answer.statusCode() == 503;
                if (!busy || attempt == TRIES) {
                    return answer;
                }
                waitSeconds = answer.headers().firstValueAsLong("Retry-After").orElse(attempt);
            } catch (IOException away) {
                if (attempt == TRIES) {
                    throw away;
                }
            }
            Thread.sleep(Duration.ofSeconds(waitSeconds).toMillis());
        }
    }
}

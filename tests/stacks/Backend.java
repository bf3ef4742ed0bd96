import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.Part;
import java.io.File;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.startup.Tomcat;
import org.apache.catalina.util.ServerInfo;

/** Tomcat as Spring Boot has it: embedded, UTF-8, a list in pages. */
public class Backend extends HttpServlet {
	private static final int PAGE = 10;
	private final List<String> records = new ArrayList<>();
	private final List<byte[]> contents = new ArrayList<>();
	private final List<String> types = new ArrayList<>();

	private static String quote(String text) {
		StringBuilder quoted = new StringBuilder("\"");
		for (char c : text.toCharArray())
			if (c < ' ' || c == '"' || c == '\\' || c > '~')
				quoted.append(String.format("\\u%04x", (int)c));
			else
				quoted.append(c);
		return quoted.append('"').toString();
	}

	private String upload(HttpServletRequest request)
	    throws IOException, ServletException {
		Part part = request.getPart("file");
		byte[] content = part.getInputStream().readAllBytes();
		String name = part.getSubmittedFileName();
		String record = String.format("{\"id\":%d,\"filename\":%s,"
		    + "\"path\":%s,\"mimeType\":%s,\"size\":%d,"
		    + "\"uploadedAt\":\"%s\"}", records.size() + 1, quote(name),
		    quote(request.getParameter("path") + name),
		    quote(part.getContentType()), content.length,
		    Instant.now());
		records.add(record);
		contents.add(content);
		types.add(part.getContentType());
		return record;
	}

	private String page(String number) {
		int n = number == null ? 0 : Integer.parseInt(number);
		int pages = (records.size() + PAGE - 1) / PAGE;
		return records.stream().skip((long)n * PAGE).limit(PAGE).collect(
		    Collectors.joining(",", "{\"content\":[", String.format(
			"],\"number\":%d,\"totalPages\":%d,\"last\":%b}", n,
			pages, n + 1 >= pages)));
	}

	@Override
	protected synchronized void service(HttpServletRequest request,
	    HttpServletResponse response) throws IOException, ServletException {
		String path = request.getRequestURI();
		String json = "{}";

		request.setCharacterEncoding("UTF-8");
		if (path.startsWith("/api/meetings/room/")) {
			json = "{\"id\":123}";
		} else if (path.equals("/metadata")) {
			json = page(request.getParameter("page"));
		} else if (path.startsWith("/files/structured/")) {
			json = upload(request);
			response.setStatus(201);
		} else if (path.endsWith("/download")) {
			int n = Integer.parseInt(path.split("/")[2]) - 1;
			response.setContentType(types.get(n));
			response.getOutputStream().write(contents.get(n));
			return;
		}
		response.setContentType("application/json");
		response.getWriter().write(json);
	}

	public static void main(String[] args) throws Exception {
		Tomcat tomcat = new Tomcat();
		tomcat.setBaseDir(args[0]);
		tomcat.setPort(0);
		tomcat.getConnector().setProperty("address", "127.0.0.1");
		Context context =
		    tomcat.addContext("", new File(args[0]).getAbsolutePath());
		Wrapper wrapper =
		    Tomcat.addServlet(context, "backend", new Backend());
		wrapper.setMultipartConfigElement(
		    new MultipartConfigElement(args[0]));
		context.addServletMappingDecoded("/", "backend");
		tomcat.start();
		System.out.printf("Tomcat %s http://127.0.0.1:%d%n",
		    ServerInfo.getServerNumber(),
		    tomcat.getConnector().getLocalPort());
		// End with who started us.
		while (System.in.read() != -1)
			continue;
		System.exit(0);
	}
}

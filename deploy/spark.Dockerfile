# Master, worker and Connect server of Spark in one image: docker build -f deploy/spark.Dockerfile -t clickstream-spark .
# The same jars as the local cluster's (src/local/spark/pom.xml), with Spark's source for Kafka among them.
FROM maven:3.9-eclipse-temurin-17 AS jars
COPY src/local/spark/pom.xml /build/pom.xml
RUN mvn -q -B -f /build/pom.xml dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=/jars

FROM eclipse-temurin:17-jre-jammy
# The name in /etc/passwd is what Hadoop's libraries log in as. The user is that of the app: both write to /results.
RUN useradd --uid 1000 --create-home spark \
  && install -d -o spark -g spark /spark /results
ENV SPARK_HOME=/opt/spark SPARK_SCALA_VERSION=2.13
COPY --from=jars /jars /opt/spark/jars
COPY deploy/spark-java-options /opt/spark/java-options
USER 1000:1000
WORKDIR /spark
VOLUME ["/spark", "/results"]
ENTRYPOINT ["java", "@/opt/spark/java-options", "-cp", "/opt/spark/jars/*"]
